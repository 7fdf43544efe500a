"""Utterances for tuning and measuring: voices that were not trained on, through the channel simulator."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.measure.channel import Channel, received
from voice.measure.evaluation import Trials
from voice.net.loading import Net
from voice.pcm import RATE, Pcm16
from voice.speech.synthesiser import Synthesiser, Voice

TUNING_VOICES = ("f3", "m4", "pablo")
"""Of the synthetic voices kept out of training: for calibration and costs."""

TEST_VOICES = ("anika", "klatt3", "john")
"""For measuring only."""

SNRS: tuple[float | None, ...] = (None, 20.0, 10.0, 5.0)
"""dB; None is a full-quieting carrier (45 dB)."""

WISHED = {"2-3": 0.5, "4+": 0.1}
"""False words per hour of foreign speech, by length class."""


SPEECH_LIKE = (
    "昨天晚上仓库已经清点过了", "他说下午三点半再来一趟", "这个问题我们回头商量一下", "麻烦你把钥匙放在门卫室",
    "今天食堂的包子挺好吃的", "前面路口红灯坏了有点堵", "孩子作业写完了没有", "晚上一起去打羽毛球吧",
    "快递放在东门那个柜子里", "明天早上可能要下大雨", "你那边信号好像不太好", "刚才有个老人问路去医院",
    "车牌号后面三位没有看清", "把音响的声音关小一点", "电动车充电不要拉飞线", "楼下水管漏水找物业了",
    "我们这边人手不够先等等", "会议改到星期四下午了", "那个穿红衣服的是他弟弟", "手机没电了换个电池",
    "请大家排好队不要着急", "新来的保安还在培训", "停车场入口的栏杆抬不起来", "监控显示他往北边走了",
)  # fmt: skip
"""Sentences that are on the air but in no grammar."""


WORDS = tuple(
    "苹果 电脑 朋友 老师 医生 天气 火车 飞机 早饭 米饭 牛奶 面条 衣服 裤子 帽子 眼镜 "
    "桌子 椅子 房子 窗户 星期 月亮 太阳 下雨 刮风 开车 走路 跑步 游泳 唱歌 跳舞 画画 "
    "写字 看书 听歌 打球 睡觉 起床 吃饭 喝水 买菜 做饭 洗碗 扫地 出门 回家 上班 下班 "
    "开会 请假 生病 吃药 高兴 难过 生气 害怕 漂亮 聪明 便宜 干净 舒服 方便 简单 重要 "
    "马上 刚才 以前 后来 因为 所以 但是 如果 虽然 已经 可能 应该 必须 经常 一直 终于 "
    "其实 大概 差不多 没关系 不客气 对不起 打电话 看电视 "
    "自行车 公共汽车 图书馆 超市 商店 电影院 咖啡 啤酒 巧克力 冰激凌 羽毛球 乒乓球".split()
)
"""Everyday words for rows that make no phrase of a net."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One over and what was said in it."""

    pcm: Pcm16
    text: str
    snr: float | None
    voice: str


def speak(
    texts: list[str],
    voices: tuple[str, ...],
    snrs: tuple[float | None, ...],
    net: Net,
    seed: int,
    cache: Path,
    onset_cut_s: float = 0.06,
) -> Iterator[Trial]:
    """Each text once, voice and SNR in turn, pitch, rate and a cut onset (0 to ``onset_cut_s``) at random."""
    rng = np.random.default_rng(seed)
    with Synthesiser(cache) as synthesiser:
        for k, text in enumerate(texts):
            voice = Voice(int(rng.integers(145, 210)), int(rng.integers(35, 66)), voices[k % len(voices)])
            samples, rate = synthesiser.say(text, net.syllables(text), voice)
            snr = snrs[(k // len(voices)) % len(snrs)]
            channel = Channel(snr_db=snr, tail_s=0.0, onset_cut_s=float(rng.uniform(0, onset_cut_s)))
            yield Trial(received(samples, channel, rng, rate), text, snr, voice.variant)


def db(snr: float | None) -> str:
    """“clean” or “10 dB”, as in the tables."""
    return "clean" if snr is None else f"{snr:g} dB"


def no_speech(rng: np.random.Generator) -> np.ndarray:
    """Three to seven seconds at RATE of a tune, a siren, an engine or knocks, in any one voice of each."""
    t = np.arange(round(float(rng.uniform(3, 7)) * RATE)) / RATE
    kind = rng.integers(4)
    if kind == 0:
        beat = float(rng.uniform(0.15, 0.6))
        notes = rng.integers(0, 25, (int(rng.integers(1, 4)), int(t[-1] / beat) + 1))
        hz = 110.0 * 2 ** (notes[:, (t / beat).astype(int)] / 12) * (1 + 0.01 * np.sin(2 * np.pi * 5 * t))
        phase = 2 * np.pi * np.cumsum(hz, 1) / RATE
        x = sum(np.sin(k * phase) / k ** rng.uniform(0.5, 2) for k in range(1, 6)).sum(0)
        x = x * np.exp(-(t % beat) * rng.uniform(0, 6)) + rng.uniform(0, 1) * _knocks(t, beat, rng)
    elif kind == 1:
        swing = np.abs((t * rng.uniform(0.2, 4)) % 2 - 1)
        x = np.sign(np.sin(2 * np.pi * np.cumsum(500 + 1000 * swing) / RATE))
    elif kind == 2:
        phase = np.cumsum(rng.uniform(30, 120) * (1 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.1, 1) * t))) / RATE
        x = (phase % 1) ** 4 + 0.2 * rng.standard_normal(len(t))
    else:
        x = _knocks(t, float(rng.uniform(0.2, 1)), rng)
    return np.asarray(x / np.abs(x).max() * 0.3)


def _knocks(t: np.ndarray, every_s: float, rng: np.random.Generator) -> np.ndarray:
    hollow = np.sin(2 * np.pi * rng.uniform(150, 1500) * t) + rng.standard_normal(len(t))
    return np.asarray(hollow * np.exp(-(t % every_s) * rng.uniform(8, 40)))


def stable_seed(text: str) -> int:
    """A seed that is the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def total(parts: list[Trials]) -> Trials:
    """The counts of all."""
    out = Trials()
    for p in parts:
        out.take(p)
    return out
