"""All texts of the sheets, Chinese and English."""

from __future__ import annotations

from voice.journal.wording import Pair

WORDS: dict[str, Pair] = {
    "roll sheet": ("点名记录", "Roll-call"), "overview": ("点名汇总", "Roll-calls"),
    "expected": ("应到", "Expected"), "called": ("呼叫", "Called"), "answered": ("应答", "Answered"),
    "late": ("其中迟到", "of them late"), "relayed": ("代答", "Spoken for"), "unclear": ("听不清", "Unclear"),
    "silent": ("未答", "No answer"), "undetermined": ("未定", "Undetermined"), "not called": ("未呼叫", "Not called"),
    "unit": ("单位", "Unit"), "id": ("编号", "Id"), "result": ("结果", "Result"), "time": ("时间", "Time"),
    "took": ("用时", "s"), "said": ("内容", "Said"), "seconds": ("{0:.1f} 秒", "{0:.1f} s"),
    "net": ("网", "Net"), "date": ("日期", "Date"), "unknown date": ("日期不明", "date unknown"),
    "officer": ("值班员", "Officer on duty"), "leader": ("负责人", "In charge"), "signature": ("签字", "(signature)"),
    "page of": ("第 {0} 页, 共 {1} 页", "Page {0} of {1}"), "proof": ("校验", "Check"),
    "made from": ("呼应 依据电台日志生成", "Huying, from the radio log"),
    "besides": ("此外", "Besides"), "all answered": ("全部应答", "Everybody has answered"),
    "more": ("另 {0} 次", "{0} more"), "by hand": ("人工", "by hand"), "review": ("请复核", "please review"),
    "why": ("复核原因", "Why review"),
    "times": ("{0} 次", "roll-calls: {0}"), "answered of": ("答/呼", "Ans./called"),
    "median s": ("中位秒", "Median s"), "slow s": ("九成秒", "90 % s"), "share": ("到答率", "Attendance"),
    "group": ("组别", "Group"), "month": ("月", "Month"), "calls": ("呼叫", "Called"),
    "answer times": ("回答时间", "Answer times"),
    "dots": ("圆点是每次回答,横条是中位数。", "A dot for every answer, a bar for the median."),
    "no times": ("没有回答时间可画。", "There are no answer times to draw."),
    "waiting": ("按这些回答, 等待时间 {0:g} 秒够用{1}: 百次回答里九十七次在一秒余量之内。",
                "By these answers a waiting time of {0:g} s is enough{1}: 97 of 100 came with a second to spare."),
    "now set": ("(现设 {0:g} 秒)", " (now {0:g} s)"),
    "by group": ("按组别", "By group"), "by month": ("按月", "By month"),
    "outcomes": ("询问与通知", "Polls and alerts"),
    "content": ("内容", "Text"), "answers": ("回答", "Answers"), "details": ("明细", "Exchanges"),
    "faults": ("录音问题", "Faults of the recording"), "attempts": ("呼叫次数", "Times called"),
    "grade": ("依据", "Known by"), "note": ("备注", "Note"), "proxy": ("由 {0}", "by {0}"),
    "nobody knows": ("不明", "unknown"), "key": ("* 请复核", "* please review"), "meaning": ("回答", "Meaning"),
    "text": ("原话", "Words"), "yes": ("是", "yes"), "clip": ("录音", "Clip"), "kind": ("类别", "Kind"),
    "phone": ("电话", "Phone"), "roll": ("点名表", "Roll sheet"), "compare": ("比较", "Comparison"),
    "median seconds": ("中位数(秒)", "Median (s)"), "continued": ("(续 {0})", "(continued {0})"),
    "dictated": ("听写, 未经核实", "dictated, not verified"),
    "incomplete": ("点名还没有结束", "The roll-call is not over"),
}  # fmt: skip


def word(key: str, english: bool, *values: object) -> str:
    """One of WORDS."""
    return WORDS[key][english].format(*values)
