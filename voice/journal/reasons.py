"""Why an entry is for review, in a sentence for the person who listens to it: what to listen for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from voice.journal.wording import Pair

_REPLY = ("可能是台里在回话", "net control's reply, perhaps")
_CONTROL = ("可能是台里说的", "net control, perhaps")
_QUESTION = ("像是问话, 可能是台里说的", "a question: net control, perhaps")
_INSTRUCTION = ("像是吩咐, 可能是台里说的", "an instruction: net control, perhaps")
_NAMELESS_LATE = ("没报呼号, 可能是别的单位迟答", "no call sign: another unit's late answer, perhaps")
_CONTENT = ("听听说的是什么", "listen to what was said")

REASONS: dict[str, Pair] = {
    # the sound, and the words
    "not_understood": _CONTENT,
    "unclear": _CONTENT,
    "jumbled": ("几台混在一次发话里", "several stations in one over"),
    "speaker": ("分不清是该单位还是台里在说", "the unit or net control spoke"),
    "two_stations": ("两台同时讲话", "two stations at once"),
    "unsure": ("声音不清, 把握 {confidence}", "not clear, confidence {confidence}"),
    "word_in_doubt": ("带问号的词可能听错", "the word with “?” may be another one"),
    "meant_otherwise": ("听听是不是这个意思", "is it meant like that?"),
    "runs_into": ("短回答前紧连一个字, 可能是别的词", "a syllable runs into the short answer: another word, perhaps"),
    "words_lost": ("还有话没听懂", "more was said than was understood"),
    "figure_in_doubt": ("数字可能听错", "a figure may be another one"),
    "misread": ("复诵不符: 说的是哪个", "read back wrongly: which was said?"),
    "readback_lost": ("复诵的数字没听全", "not all figures of the readback were heard"),
    "taken_back": ("后面又改口", "it corrects itself afterwards"),
    "affirmed": ("只说“是的”: 答的是什么", "only a yes: to what?"),
    "tells_more": ("还有别的话, 可能不是回答", "more was said: no answer, perhaps"),
    "praises": ("像是闲话, 可能不是报告", "small talk, perhaps, and no report"),
    # whose call sign
    "another_radio": ("身份码是它的, 呼号却是 {unit}", "its radio, but the call sign of {unit}"),
    "identity_differs": ("身份码和呼号不是同一单位", "radio ID and call sign differ"),
    "prefixed": ("呼号前还有字, 可能是别的单位", "words before the call sign: another unit, perhaps"),
    "of_another": ("紧跟在 {unit} 的呼号后面, 可能说的是它", "behind the call sign of {unit}: of that one, perhaps"),
    "asked_of_another": ("问的是别的人或车到没到", "asked whether somebody else had come"),
    "names_another": ("同时听到另一个单位的呼号: {unit}", "another unit's call sign was heard, too: {unit}"),
    "tells_of_open": ("还说到 {unit}, 它也在等回答", "it tells of {unit}, which is awaited, too"),
    "tells_of_unit": ("后面还说到别的单位", "it goes on about another unit"),
    "another_unclear": ("可能替另一个单位回答", "for another unit, perhaps"),
    "spoken_of": ("别的单位说到它, 不是它自己回答", "another unit spoke of it; it did not answer itself"),
    "about_the_unit": ("可能是别人在说它的事", "somebody else tells of it, perhaps"),
    "sign_unread": ("报的呼号没听出来", "the call sign was not understood"),
    "named": ("话里有呼号, 可能是它在报告", "a call sign in it: that unit reports, perhaps"),
    "names_itself": ("刚问过是谁: 听听它报什么", "asked who it is: what does it report?"),
    "is_place": ("呼号可能只是说地点", "the call sign is only a place, perhaps"),
    "asked_about": ("刚说到这个地方, 可能是被派的单位在答", "the place just spoken of: the unit sent there, perhaps"),
    # no call sign: whose answer
    "unattributed": ("没报呼号, 同时在等几个单位", "no call sign while several units are awaited"),
    "contested": ("同一次呼叫有两个回答, 哪个是它", "two answers to one call: which is its own?"),
    "late_beside": _NAMELESS_LATE,
    "somebodys_late": _NAMELESS_LATE,
    "very_late": ("没报呼号, 隔了很久", "no call sign, long after the call"),
    "another_called": ("没报呼号, 还呼叫了别的单位", "no call sign, and another unit was called, too"),
    "another_open": ("没报呼号, 同时还在等 {unit}", "no call sign while {unit} is awaited, too"),
    "another_repeats": ("没报呼号, 可能是 {unit} 再说一遍", "no call sign: {unit} says it again, perhaps"),
    "another_reports": ("没报呼号, {unit} 正在报告", "no call sign while {unit} reports"),
    "another_spoke": ("没报呼号, 刚才讲话的是别的单位", "no call sign, and another unit spoke before it"),
    "answers_message": ("没报呼号, 可能是在答通播", "no call sign: it answers the broadcast, perhaps"),
    "two_talk": ("两个单位在通话, 可能不是答台里", "two units are talking: not to net control, perhaps"),
    "guest_beside": ("没报呼号, 同时还在等别的单位", "no call sign while another unit is awaited"),
    "called_unheard": ("呼叫没听懂, 这句可能是回答", "it answers a call that was not understood, perhaps"),
    "to_no_question": ("没人在问, 可能是别的话", "nobody had asked: something else, perhaps"),
    "unsettled": ("等待时听到的话可能就是回答", "what was heard meanwhile is its answer, perhaps"),
    "called_itself": ("听听是谁在讲话", "listen to who spoke"),
    "said_missing": ("可能是台里说它没有回答", "net control says that it does not answer, perhaps"),
    # net control's words
    "acknowledged": _REPLY,
    "thanks": _REPLY,
    "thanks_heard": _REPLY,
    "thanks_signed": _REPLY,
    "signs_thanks": _REPLY,
    "guest_thanked": _REPLY,
    "reporter_thanked": _REPLY,
    "goes_on_waiting": _REPLY,
    "heard_before": _REPLY,
    "late_reporter": _CONTROL,
    "asked_who": _REPLY,
    "parting": ("像是台里的客套话, 也可能是回答", "net control's courtesy, or an answer"),
    "thanks_reporter": ("可能是台里在回 {unit}", "net control replies to {unit}, perhaps"),
    "names_somebody": ("前面像是人名, 可能是台里说的", "a name before it: net control, perhaps"),
    "asks": _QUESTION,
    "asks_whether": _QUESTION,
    "instructed": _INSTRUCTION,
    "is_instructed": _INSTRUCTION,
    "is_told": _CONTROL,
    "is_sent": _INSTRUCTION,
    "puts_off": _CONTROL,
    "repeated": ("它请求重复过, 可能是台里在重复", "it had asked to say again: net control does, perhaps"),
    "calls": ("可能是台里在叫下一个单位", "net control calls the next unit, perhaps"),
    "called_beside": ("话尾的呼号可能是在呼叫", "the last call sign is called, perhaps"),
    "reads_back": ("可能是在复诵命令", "an order read back, perhaps"),
    "echoed": ("可能是台里在问警情", "net control asks about the incident, perhaps"),
    "asks_unread": ("问的是谁没听懂", "who is asked was not understood"),
    "directs": ("像是台里在转告警情", "net control tells of an incident, perhaps"),
    "harmed": ("像是出了事, 听听是什么事", "something has happened, perhaps"),
    "told_of": ("有警情: 听听谁说的, 在哪里", "an incident: who says so, and where is it?"),
    # units among themselves
    "one_of_two": ("两个单位在通话: 是谁转向台里", "two units are talking: which turns to net control?"),
    "to_control": ("两个单位在通话, 可能是台里说的", "two units are talking: net control, perhaps"),
    "to_the_other": ("两个单位在通话, 可能不是报台里", "two units are talking: not to net control, perhaps"),
    # nothing at all
    "overdue": ("到时没有听到, 请联系", "not heard in time: get in touch"),
}  # fmt: skip
"""Key of a reason → what to listen for. A key is a function of ``talk.doubts``, or stands where the entry is written.
Journals have it: it is never renamed."""


def why(reasons: Iterable[str], confidence: float | None, name: Callable[[str | None], str], english: bool) -> str:
    """What to listen for; empty without a reason. One that only a later version of Huying knows is shown by its key."""

    def told(reason: str) -> str:
        key, _, unit = reason.partition(":")
        sentence = REASONS[key][english] if key in REASONS else key
        return sentence.format(unit=name(unit or None), confidence=f"{confidence or 0:.2f}")

    return "; ".join(dict.fromkeys(map(told, reasons)))
