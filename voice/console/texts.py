"""What the console says, Chinese first, English by a switch."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "watch": ("值守", "On watch"), "review": ("复核", "Review"), "rolls": ("点名", "Roll sheets"),
    "log": ("日志", "Log"),
    "roster": ("名册", "Roster"), "devices": ("设备", "Devices"),
    "idle": ("未呼叫", "not called"), "called": ("呼叫中", "called"), "present": ("已应答", "present"),
    "late": ("迟到", "late"), "silent": ("未应答", "silent"), "unclear": ("听不清", "unclear"),
    "undetermined": ("未定", "undetermined"), "calling": ("呼入", "calling in"), "overdue": ("超时", "overdue"),
    "missing": ("未应答", "No answer"), "nobody missing": ("全部应答", "Everybody has answered"),
    "not called": ("还没有呼叫", "Nobody was called yet"),
    "answered of": ("呼叫 {0} 个, 应答 {1} 个", "{1} of {0} called answered"),
    "listening": ("正在收听", "listening"), "not listening": ("没有在收听", "not listening"),
    "channel clear": ("信道空闲", "channel clear"), "channel busy": ("有人讲话", "somebody talks"),
    "log in again": ("登录已过期, 请重新登录", "The session has ended; log in again"), "log out": ("退出", "Log out"),
    "viewer": ("只能查看", "A viewer may only read"),
    "roll-call": ("点名", "Roll-call"), "start": ("开始点名", "Start"), "pause": ("暂停", "Pause"),
    "resume": ("继续", "Resume"), "skip": ("跳过", "Skip"), "repeat": ("重复", "Repeat"), "end": ("停止", "Stop"),
    "who": ("对象", "To"), "everybody": ("全体", "everybody"), "alert": ("通知", "Alert"), "text": ("内容", "Text"),
    "emergency": ("紧急", "Emergency"), "send": ("播报", "Send"), "acknowledged": ("已应答", "acknowledged"),
    "feed": ("频道", "Channel"), "play": ("听", "play"), "time": ("时间", "time"), "unit": ("单位", "unit"),
    "what": ("事件", "event"), "heard": ("听到", "heard"), "sure": ("把握", "sure"),
    "nothing to review": ("没有待复核的", "Nothing to review"), "meaning": ("意思", "meaning"),
    "said": ("实际说的", "really said"), "as logged": ("听对了", "heard right"), "correct": ("更正", "correct"),
    "id": ("编号", "id"), "name": ("名称", "name"), "call_signs": ("呼号", "call signs"),
    "location": ("位置", "location"), "question": ("点名用语", "question"), "ani": ("身份码", "radio ID"),
    "too large": ("文件太大或类型不对", "The file is too large, or of another kind"),
    "new unit": ("新单位", "New unit"), "import": ("导入 CSV / XLSX", "Import CSV / XLSX"), "find": ("查找", "Find"),
    "hear it": ("听读音", "Hear it"), "save": ("保存", "Save"), "cancel": ("取消", "Cancel"),
    "delete": ("删除", "Delete"),
    "admins": ("只有管理员可以", "Only an admin may"),
    "roster saved": ("已保存, 旧版留在 versions; 收听程序重新启动后使用", "Saved, the old one is in versions; "
                     "a running station uses it from its next start"),
    "replace roster": ("现有 {0} 个单位, 文件里 {1} 个: 新增 {2}, 去掉 {3}。替换?",
                       "{0} units now, {1} in the file: {2} new, {3} gone. Replace?"),
    "input level": ("输入电平", "input level"), "threshold": ("门限", "threshold"), "carrier": ("载波", "carrier"),
    "voice": ("人声", "voice"), "squelch closed": ("静噪关闭 (无人讲话时无声)", "squelch closed"),
    "squelch open": ("静噪打开 (无人讲话时有噪声)", "squelch open"), "latest over": ("最近一次发话", "Latest over"),
    "try it": ("用对讲机讲一句, 看收到什么、听懂什么", "Say something on a radio: what came in, what was understood"),
    "transmitter": ("发射", "Transmitter"), "output level": ("输出电平", "output level"),
    "test transmission": ("试发 (会上频道)", "Test transmission (on the air)"), "source": ("收听", "Source"),
    "in": ("入", "in"), "out": ("出", "out"), "doctor": ("检查本机", "Check this machine"),
    "day": ("日", "Day"), "week": ("周", "Week"), "month": ("月", "Month"), "year": ("年", "Year"),
    "enter a net": ("补录一次点名", "Enter a net by hand"), "not asked": ("—", "—"), "date": ("日期", "date"),
    "note": ("备注", "note"), "all present": ("全部已答", "All present"), "answer times": ("回答时间", "Answer times"),
    "nine of ten": ("九成在此之内", "nine of ten within"),
    "left": ("约剩", "left about"), "template": ("常用通知", "Template"),
    "from": ("从", "from"), "until": ("到", "until"),
    "search": ("查找: 汉字、拼音或首字母 (jgsq)", "Search: characters, pinyin, initials"),
    "calls": ("呼叫", "calls"), "median": ("中位秒", "median s"), "answers": ("应答", "answered"),
    "download": ("下载", "Download"), "reading": ("读音", "reading"), "group": ("组别", "group"),
    "officer": ("责任民警", "officer"), "phone": ("电话", "phone"), "neighbours": ("邻近", "neighbours"),
    "mistakes": ("名册问题", "Mistakes"), "no mistakes": ("没有问题", "No mistakes"), "alike": ("音近", "sounds like"),
    "chain": ("日志校验", "Hash chain"), "verify": ("校验", "Verify"), "whole": ("完整", "whole"),
    "model": ("声学模型", "Model"), "disk": ("剩余空间", "Free disk"), "events": ("事件", "events"),
    "sent": ("已交给电台", "handed to the station"),
    "keys": ("空格 听, ↑↓ 选, 回车 听对了", "Space plays, ↑↓ choose, Enter: heard right"),
    "incidents": ("警情", "Incidents"), "arrived": ("到达", "arrived"), "on_the_way": ("出发", "on the way"),
    "attendance": ("到答率", "Attendance"), "lost": ("连接中断, 正在重连…", "Connection lost, trying again…"),
    "saved": ("已记入日志", "written to the journal"), "requests": ("请求文件夹", "Requests folder"),
}  # fmt: skip


def text(key: str, english: bool, *values: object) -> str:
    """One of TEXTS; a key that is not there is returned."""
    pair = TEXTS.get(key)
    return pair[english].format(*values) if pair else key
