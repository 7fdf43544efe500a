"""Which frame belongs to which HMM state: by energy at first, by Viterbi with the model afterwards."""

from __future__ import annotations

import numpy as np
import torch
from numba import njit

from models.recipe.features import RATE, SHIFT, WINDOW, halved, mfcc, num_frames
from models.recipe.network import SUBSAMPLING, Tdnn, padded
from models.recipe.prepare import FOREIGN, Corpus, Recording
from voice.mandarin.phones import GARBAGE, phone_set, split_syllable, with_tone, without_tone

PRIOR_POWER = 0.7
"""Exponent of the state priors that divide the posteriors, in alignment and in the exported model."""


BASE_OF, TONE_OF = (np.array(row) for row in without_tone())
"""Of each pdf: the one without tone, and the tone (0: none). Frame labels are pdfs with tone."""


def states_of(recording: Recording) -> list[int]:
    """The pdfs, with tone, that the recording passes through, silence left out. Tone 0 is one that is not known."""
    return [pdf for syllable in syllables_of(recording) for pdf in syllable]


def syllables_of(recording: Recording) -> list[list[int]]:
    """The same, a row for each syllable."""
    pdfs = phone_set().pdfs
    if recording.syllables == (FOREIGN,):
        return [list(pdfs[GARBAGE])]
    rows = []
    for syllable in recording.syllables:
        phones = with_tone(split_syllable(syllable[:-1]) or (), syllable[-1].replace("0", ""))
        rows.append([pdf for phone in phones for pdf in pdfs[phone]])
    return rows


def path_of(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """(states, syllable of each): silence before, behind and, where the speaker pauses, between the syllables (-1)."""
    states, which = [0], [-1]
    for k, syllable in enumerate(syllables_of(recording)):
        states += [*syllable, 0]
        which += [k] * len(syllable) + [-1]
    return np.array(states), np.array(which)


def flat_start(x: np.ndarray, states: list[int]) -> np.ndarray:
    """Silence below an energy threshold, the states in equal shares above it."""
    t = num_frames(len(x))
    e = np.array([np.log10((x[i * SHIFT : i * SHIFT + WINDOW] ** 2).mean() + 1) for i in range(t)])
    lo, hi = np.percentile(e, (5, 97))
    loud = np.where(e > lo + 0.35 * (hi - lo))[0]
    a, b = (loud[0], loud[-1] + 1) if len(loud) else (0, t)
    if b - a < 2 * len(states):
        a, b = 0, t
    y = np.zeros(t, np.int64)
    cut = np.linspace(a, b, len(states) + 1).astype(int)
    for k, pdf in enumerate(states):
        y[cut[k] : cut[k + 1]] = pdf
    return y


@njit(cache=True)
def viterbi(score: np.ndarray, states: np.ndarray, optional: np.ndarray) -> np.ndarray:
    """Best left-to-right path of ``states`` through ``score`` (frames, pdfs); one index into ``states`` a frame.

    A state that is ``optional`` may be left out; so may the first and the last one.
    """
    frames, n = score.shape[0], len(states)
    v = np.full((frames, n), -1e30, np.float32)
    back = np.zeros((frames, n), np.int8)
    v[0, 0] = score[0, states[0]]
    v[0, 1] = score[0, states[1]]
    for t in range(1, frames):
        for j in range(n):
            best = v[t - 1, j]
            if j > 0 and v[t - 1, j - 1] > best:
                best = v[t - 1, j - 1]
                back[t, j] = 1
            if j > 1 and optional[j - 1] and v[t - 1, j - 2] > best:
                best = v[t - 1, j - 2]
                back[t, j] = 2
            v[t, j] = best + score[t, states[j]]
    j = n - 1 if v[frames - 1, n - 1] >= v[frames - 1, n - 2] else n - 2
    y = np.zeros(frames, np.int64)
    for t in range(frames - 1, -1, -1):
        y[t] = j
        j -= back[t, j]
    return y


def realign(net: Tdnn, utterances: list[tuple[Corpus, Recording]], prior: np.ndarray) -> list[np.ndarray]:
    """Frame labels of every utterance by forced alignment with ``net``."""
    return [np.array(y) for y, _, _ in aligned(net, utterances, prior)]


def aligned(
    net: Tdnn,
    utterances: list[tuple[Corpus, Recording]],
    prior: np.ndarray,
    batch_s: float = 120.0,
    coarse: bool = False,
) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """(frame labels, syllable of each frame or -1, fit) of every utterance.

    The fit is how far, in nats a frame of speech, the labels lie below the best state of any speech: near 0 if the
    transcript is what was said. ``coarse``: one decision for 30 ms instead of 10, in a third of the time.
    """
    net.eval()
    log_prior = PRIOR_POWER * np.log(prior).astype(np.float32)
    result: list[tuple[np.ndarray, np.ndarray, float]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0)] * len(
        utterances
    )
    order = sorted(range(len(utterances)), key=lambda i: utterances[i][1].end - utterances[i][1].start)
    with torch.no_grad():
        while order:
            longest = utterances[order[-1]][1]
            count = max(1, int(batch_s * RATE / (longest.end - longest.start)))
            ids, order = order[-count:], order[:-count]
            audio = [utterances[i][0].pcm(utterances[i][1]) for i in ids]
            n = max(map(len, audio))
            x = torch.tensor(np.stack([np.pad(a, (0, n - len(a))) for a in audio]))
            with halved("cpu"):
                cepstra = padded(mfcc(x + torch.randn_like(x) * 3))
                logits = net(cepstra, 1)[0].float() if coarse else net.every_frame(cepstra)
            logp = torch.log_softmax(logits, -1).numpy() - log_prior
            for k, i in enumerate(ids):
                states, which = path_of(utterances[i][1])
                frames = num_frames(len(audio[k]))
                score = np.ascontiguousarray(logp[k, : -(-frames // SUBSAMPLING) if coarse else frames])
                path = viterbi(score, BASE_OF[states], which < 0)
                said = which[path] >= 0
                lost = score[np.arange(len(score)), BASE_OF[states[path]]] - score[:, 1:].max(1)
                if coarse:
                    last = np.full(frames, path[-1])
                    path_10ms = np.repeat(path, SUBSAMPLING)[:frames]
                    last[: len(path_10ms)] = path_10ms
                    path = last
                result[i] = (states[path], which[path], float(lost[said].mean()) if said.any() else -99.0)
    net.train()
    return result
