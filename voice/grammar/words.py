"""Words of radio talk that tell how a call sign or a phrase beside them was meant: a list a purpose. Pure.

Latin letters are toneless syllables, as free speech is written: na li is 那里 and 哪里. Han characters are phrases of
the grammar files, or how they begin. Below each list stands what it is for; the rule is where the list is used
(``naming``, ``roles``, ``mood``, ``acts``, ``voice.talk``). What means something by itself belongs in ``grammars/zh``,
numbers and dates in ``mandarin.figures``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Words = tuple[tuple[str, ...], ...]
"""Toneless syllables of some words."""


def words(*spoken: str) -> Words:
    """Of words with spaces between their syllables."""
    return tuple(tuple(w.split()) for w in spoken)


def begins(said: Sequence[str], some: Iterable[tuple[str, ...]]) -> bool:
    """Whether what was said begins with one of these words."""
    return any(tuple(said[: len(w)]) == w for w in some)


def ends(said: Sequence[str], some: Iterable[tuple[str, ...]]) -> bool:
    """Whether it ends so."""
    return any(tuple(said[-len(w) :]) == w for w in some)


# Beside call signs: whose a call sign is, or that it is only mentioned

FILLERS = frozenset({"e", "en", "a", "o", "na ge", "zhe ge", "jiu shi", "wei", "ei", "ai"})
"""呃, 嗯, 那个, 哎, …: hesitations."""

GREETINGS = frozenset({"ni hao", "nin hao"})
"""你好, 您好: a call sign behind them is as one that begins the over."""

SELF = (
    "wo shi", "wo men shi", "zhe li shi", "zhe bian shi", "wo men", "wo zhe li shi", "wo zhe bian shi", "wo",
    "an shi", "an men shi", "an men", "gang cai shi",
)  # fmt: skip
"""我是, 这里是, 我们, 俺是, 刚才是, …: before a call sign they mark it as the speaker's own."""

OURS = ("", "zan men", "an men", "mu qian", "xian zai", "zhe bian", "zhe er")
"""咱们, 俺们, 目前, 现在, 这边, 这儿, or nothing: before the own call sign, and no part of another."""

JOINING = ("he", "gen", "hai you", "yi ji")
"""和, 跟, 还有, 以及: between two call signs."""

MENTIONING = frozenset(
    {"zai", "dao", "qu", "wang", "cong", "gei", "gen", "dui", "ba", "he", "jiao", "rang", "you", "tong", "xiang", "li"}
)
"""在, 到, 去, 往, 从, 给, 跟, 对, 把, 和, 叫, 让, 由, 同, 向, 离: directly before a call sign they make it part of a
sentence."""

TOWARDS = words("zai", "dao", "qu", "wang", "cong", "gei", "gen", "jiao", "rang")
"""在, 到, 去, 往, 从, 给, 跟, 叫, 让: a place or unit follows, most likely, even behind a pause."""

TAKING = words("yi xia", "kan kan", "hu jiao", "tong zhi", "ting shuo", "ni men", "zhuan gao", "ta shuo", "you shuo")
"""一下, 看看, 呼叫, 通知, 听说, 你们, 转告, 他说, 又说: a name follows, perhaps: 你叫一下东风渠."""

REACHING = "在到去往从给跟对把和叫让由同向离达赴开"
"""Directly behind a phrase that ends so stands a place: 已到达 丹尼斯超市, 马上到 家属院."""

RECEIVED = ("收到", "听到")
"""… unless the phrase ends so: 收到 王新街."""

LOCATING = words(
    "men kou", "na bian", "fu jin", "pang bian", "lou xia", "dui mian", "li mian", "qian mian", "hou mian",
    "dong men", "xi men", "nan men", "bei men", "hou men", "ting che chang", "ku fang",
)  # fmt: skip
"""门口, 那边, 附近, 旁边, 楼下, 停车场, …: directly behind a call sign they make a place of it."""

PLACING = words("shang", "xia", "kou", "qiao", "li", "bian", "dong", "nan", "xi", "bei")
"""上, 下, 口, 桥, 里, 边, 东, 南, 西, 北: directly behind a short call sign they make a street or a house of it."""

STREETS = words("jie", "lu", "kou", "tou", "jiao")
"""街, 路, 口, 头, 角, behind 东, 南, …: 贾岗东街口."""

ELSEWHERE = words("na bian", "fu jin", "pang bian", "dui mian")
"""那边, 附近, 旁边, 对面: behind a call sign, as nobody says it of the place where he is."""

CALLING = "呼叫"
"""Before a call sign it addresses the unit, although it ends in 叫."""

NEXT = ("xia", "yi", "ge")
"""下一个: before a call sign in a roll-call."""

CORRECTING = words("bu dui", "shuo cuo le", "shuo cuo", "cuo le", "geng zheng")
"""不对, 说错(了), 错了, 更正: what follows is meant: another call sign, figure or answer."""

SUMMONS = words("jiao ni", "zhao ni", "han ni", "jiao nin", "zhao nin")
"""明理路,明理路,东风渠叫你, 找你, 喊你: how a unit calls another."""

DIGITS = frozenset("yao yi er liang san si wu liu qi guai ba jiu gou ling dong".split())
"""As they are said on the air: 幺三八 is no 要."""

# Of a unit that does not answer

UNHEARD = words(
    "mei hui da", "mei hui hua", "mei ying da", "mei fan ying", "mei ren hui", "mei ren ying", "mei ren da",
    "mei you hui da", "mei you hui hua", "mei you ying da", "mei you fan ying", "mei you ren hui", "mei you ren ying",
    "bu hui da", "lian xi bu", "hu jiao bu", "jiao bu ying", "jiao bu tong", "mei ren keng", "mei ren li", "bu keng",
    "mei dong jing", "mei you dong jing",
)  # fmt: skip
"""没回答, 没人应答, 没有反应, 没人吭气, 没动静, 联系不上, 叫不应: directly behind a call sign they say that
the unit does not answer."""

UNHEARD_BRIEFLY = words("mei da", "mei hui", "mei ying", "bu zai", "mei ren")
"""没答, 没回, 没应, 不在, 没人, with nothing, 你们… or 我… behind it: 没打架 is another matter."""

GONE = words("bu zai", "mei ren")
"""不在, 没人: nobody is there."""

SILENT = words("hui", "ying", "fan ying", "ren hui", "ren ying", "ren da")
"""没有 … 回话, 应, 反应, 人回答, 人应答: somebody does not answer."""

EXCUSES = ("mei dian", "dian tai", "dui jiang ji", "pang bian", "gen qian", "ti ta", "bang ta", "rang wo")
"""没电, 电台, 对讲机, 旁边, 跟前, 替他, 帮他, 让我: why a unit answers for another."""

# How net control speaks

TESTING = words("shi yin", "shi ji", "ce shi", "dian ming", "da dao")
"""试音, 试机, 测试, 点名, 答到: whoever is named behind is to speak."""

THANKS = words(
    "xin ku le", "xin ku", "xie xie", "xie xie ni", "xie xie le", "zhu yi an quan", "lu shang xiao xin",
    "lu shang man dian", "bao chi lian xi", "zhi dao le", "hao", "hao de", "hao le", "xing", "na xing", "ji xu",
    "ji xu guan cha",
)  # fmt: skip
"""辛苦了, 注意安全, 知道了, 好, 行, …: net control to a unit that has spoken; calls nobody."""

AGREED = words("hao", "xing")
"""好, 行, to a unit that called in: 财经大学,好,以后别关."""

READY = ("ting dao", "shou dao", "ting dao hou", "shou dao hou")
"""安和社区,听到请讲: asks for an answer."""

INSTRUCTING = (
    "qing", "yao", "zhu yi", "ni", "nin", "nen", "jia qiang", "gai dao", "gai yong", "bie", "xian bie", "bu yao",
    "bu xu", "bu zhun",
)  # fmt: skip
"""请, 要, 注意, 你, 您, 恁, 加强, 改到, 改用, 别, 先别, 不要, 不许, 不准: how net control continues
after a call sign."""

POLITE = ("ni hao", "nin hao", "qing wen", "qing fang xin", "qing qiu", "nin shuo", "nin jiang")
"""你好, 请问, 请放心, 请求, 您说: a unit begins so."""

SENDING = words("qu", "guo qu", "gan jin", "ma shang")
"""去, 过去, 赶紧, 马上: behind a call sign somebody is sent."""

GO = ("kuai qu", "qu kan", "gan jin qu", "gan jin guo qu", "ni qu", "ni guo qu", "ni men qu", "ni men guo qu")
"""快去, 去看, 赶紧(过)去, 你(们)(过)去: who reports says 快来."""

AT_ONCE = ("马上", "立即")
"""Phrases that begin so are said of oneself, or to somebody: 明理路巡防队,马上过去."""

LISTENING = ("zai", "zai ne", "zai jiang", "zai shuo", "zai ni jiang", "zai ni shuo")
"""在, 在,讲, 在,你说: directly behind its own call sign net control says so."""

OURSELVES = frozenset({"wo", "an", "zan", "zheng"})
"""我, 俺, 咱, 正: with 去 before a place nobody is sent."""

HELP = words("min jing", "jing cha", "jing che", "jiu hu che", "xiao fang", "xiao fang che", "yi sheng")
"""民警, 警察, 警车, 救护车, 消防, 消防车, 医生: with 马上到 directly behind, net control sends them
to the unit that is named."""

EVERYBODY = ("da jia", "ge wei")
"""大家, 各位: a question with them is put to nobody alone."""

REPORTED = ("dan wei", "jie dao", "jing shuo", "jing qing", *EVERYBODY)
"""单位, 接到, 报警说, 警情: how net control tells of what was reported to it."""

WHOEVER = ("shei", "shui")
"""谁: 谁离得近: net control looks for somebody to send."""

GOING = ("chu", "jin", "pao", "wang")
"""出, 进, 跑, 往: with 去 somebody goes, and nobody is sent."""

LOOK_OUT = words("zhu yi")
"""注意: what follows is to be looked out for."""

WELCOME = words("jiu hao", "jiu xing", "jiu zhong")
"""就好, 就行, 就中: 抓住了就好 is net control's comment."""

WELL = words("hao le")
"""(太)好了: what one says before he calls all."""

HARMED = re.compile(
    r"(?<!mei )\b((bei|jiao|rang|gei|gen|ba)( \w+){1,5} (da|zhuang|yao|za|tou|qiang|pian) "
    r"(le|shang|dao|po|huai|fei|zou|pao|si)(?! dian hua| zhao hu)|zou diu|bu jian le|liu xue)\b"
)
"""被, 叫, 让, 给, 跟, 把 … 打, 撞, 咬, 砸, 偷, 抢, 骗 了, 走丢, 不见了, 流血: whoever calls net control with
them reports an incident, most likely."""

# Questions

QUESTIONS = (
    "ji ge", "ji dian", "ji hao", "ji dan", "shei", "shui", "sha", "za", "duo shao", "shen me", "zen me", "na ge",
    "na li", "na er",
)  # fmt: skip
"""几个, 几点, 几号, 几单(元), 谁, 啥, 咋, 多少, 什么, 怎么, 哪个, 哪里, 哪儿: a question."""

WHO = ("na ge", "na jia", "na li", "na er", "shei", "shui")
"""哪个, 哪家, 哪里, 哪儿, 谁: somebody is asked who he is."""

WHERE = words("na li", "na er", "na ge", "na bian")
"""哪里, 哪儿, 哪个, 哪边 before an alarm: no report; toneless, so also 那里, 那儿."""

WONDERING = ("wo", "an", "zan", "bu zhi dao", "bu xiao de", "bu qing chu", "shuo bu hao", "shuo bu zhun")
"""我, 俺, 咱, 不知道, 不晓得, 不清楚, 说不好, 说不准: a question beside them is put to nobody: 我看看有没有人受伤."""

WHETHER = words(
    "yao bu yao", "yong bu yong", "xu bu", "xu bu xu yao", "shi bu shi", "you mei", "you mei you", "shi fou",
)  # fmt: skip
"""要不要, 用不用, 需不(需要), 是不是, 有没(有), 是否: make a question of what follows."""

DOUBLED = words("yao", "yong", "xu", "shi")
"""要, 用, 需, 是: said twice before an act they ask whether it is so."""

WHETHER_SO = words("bu", "bu a", "bu zheng chang")
"""正常不, 正常不啊, 正常不正常: 不, and nothing else, behind an answer asks for it."""

TAGS = words(
    "mei you", "mei", "you", "le mei you", "le mei", "hai zai bu zai", "shi ba", "shi bu shi", "dui ba", "dui bu dui",
    "mu you", "le mu you",
)  # fmt: skip
"""没有, 没, 了没有, 还在不在, 是吧, 对不对, 木有, …: directly behind a report they make a question of it."""

AMID = frozenset({"bu", "bo", "pu", "fu", "wu", "mu", "mei", "you"})
"""What 不 and 没 of 要不要, 有没有 are heard as; 为摊位打起来了 is no question."""

OR_NOT = words("ma", "mei", "mei you")
"""到丹尼斯了吗, 了没, 了没有: ask who has come."""

COUNTED = words("ji", "you ji", "duo shao", "you duo shao", "qing kuang", "ren shu")
"""几, 多少, 情况, 人数: directly after 在岗 they ask who is there."""

HEADS = words("ji ge ren", "ji ge", "duo shao ren")
"""几个人, 多少人: 在岗 directly after them asks for a number."""

SOUGHT = ("有没有发现", "是否发现")
"""What directly follows is what is asked for: 有没有发现可疑车辆. 发现了 to it is a report."""

FOUND = words("zhao dao le", "zhao zhe le", "kan jian le", "kan dao le", "fa xian le", "jian dao le", "chou jian le")
"""找到了, 找着了, 看见了, 看到了, 发现了, 见到了, 瞅见了: an answer; behind 没有发现 they take it back."""

WANTED = words(
    "wei zhi", "qing kuang", "ren shu", "ni de wei zhi", "ni men de wei zhi", "xian zai wei zhi", "yi xia",
    "yi xia wei zhi", "yi xia qing kuang", "yi xia ren shu", "xian chang qing kuang",
)  # fmt: skip
"""位置, 情况, 人数, …: 报告 and nothing else but them asks for a report."""

# Denials, and what is yet to come

NOT = words(
    "mei", "wei", "bu", "mei you", "bu yong", "wu yong", "wu xu", "bu yao", "bie", "bu tai", "mei tai", "ting tai",
    "bu shi", "bu neng", "mu", "mu you", "tan bu shang", "shuo bu shang", "suan bu shang",
)  # fmt: skip
"""没, 未, 不, 没有, 不用, 不要, 别, 不太 …, 木(有), 谈不上, 说不上, 算不上: deny an answer or an alarm that they
directly precede, unless the grammar has the combination."""

NOBODY = words("mei ren", "mei you ren")
"""没人, 没有人: before an answer nobody gives it; before an alarm someone may have said 没人 and paused."""

FORMAL = words("fa", "chu", "jian", "kan")
"""发现, 发生, 出现, 见, 看见: of alarms 未 negates these alone; 占摊位打起来了 has another wèi before its alarm."""

DENYING = ("没有",)
"""Phrases that deny so, too."""

SEEN = words("fa xian", "kan dao", "zhao dao", "qing kuang", "ren yuan")
"""发现, 看到, 找到, 情况, 人员: 请报告 after them is no question."""

STILL = ("hai", "you")
"""还有(一个没找着): somebody is missing."""

TAGGED = words(
    "le", "jian", "dao", "ren", "qi", "dong", "qing", "wan", "hao", "kai", "lai", "zhu", "zou", "guo", "diao", "chu",
    "bai",
)  # fmt: skip
"""… 了, 听见, 听到, 有人, 到齐, 听懂, 听清, 完, 好, 拉开, 出来, 抓住, 走, 过, 掉, 清楚, 明白: 没有 directly behind is
no answer."""

HERE = frozenset({"wo", "men", "an", "zan", "zai", "jiu", "ni", "ta"})
"""我这(没有), 我们这, 俺这, 在这, …: 这 is no 着 as in 空着没有."""

NOW = words("xian", "zheng")
"""现(在), 正(在): 在呢 behind them is no answer, nor 在位 in 现在位置."""

CLOCK = words("dian", "dian ban", "dian zheng")
"""六点, 六点半, 六点整: 到岗 and 到位 directly behind them are yet to come."""

IF = words("ru guo", "yao shi", "wan yi", "yi dan", "zhi yao", "jia ru")
"""如果, 要是, 万一, 一旦, 只要, 假如: what they directly precede has not happened yet."""

WHEN = words("yi hou", "zhi hou", "de shi hou", "hou", "de hua", "e hua")
"""以后, 之后, 的时候, 后, 的话 (often heard as [e hua]): what they directly follow has not happened yet."""

VAGUE = ("有情况", "发现", "有可疑", "需要", "到")
"""Phrases that begin so are often conditions without 如果: 有情况再报告, 需要支援我再叫你. Nobody says so of a fire."""

SOMEBODY = words("wo", "wo men", "ni", "ni men", "da jia", "qing")
"""我(们), 你(们), 大家, 请: before THEN."""

THEN = words(
    "zai", "jiu", "hui", "yao", "ji shi", "sui shi", "li ji", "ma shang", "di yi shi jian", "bao gao", "hui bao",
    "gei wo", "gen wo", "shuo yi sheng",
)  # fmt: skip
"""再, 就, 会, 要, 及时, 随时, 立即, 马上, 第一时间, 给我, 跟我, …: before TELL."""

TELL = words(
    "bao gao", "hui bao", "shang bao", "shuo", "jiang", "lian xi", "tong zhi", "gao su", "da dian hua", "han",
    "jiao ni", "jiao wo", "fan ying", "zai bao", "hu jiao", "bao yi sheng", "shuo yi sheng", "hui yi sheng",
    "zhi yi sheng", "hui hua", "hui da",
)  # fmt: skip
"""报告, 汇报, 说, 讲, 联系, 通知, 告诉, 打电话, 喊, 叫我, 反映, 吱一声, 回话, …: [SOMEBODY] THEN … TELL makes a
condition of what they directly follow: 有情况再报告, 发现可疑人员请马上报告."""

ORDER = words("qing", "qing ni", "qing ni men", "ni", "ni men", "nin", "qing gan kuai", "qing gan jin", "su", "xun su")
"""请, 你, 你们, 请赶快, 速: 马上到 directly after them is an order."""

# Answers

BESIDE = frozenset("dou du ye hai zai wo an ren hao hen xing zhong dui shi le ya quan gang yi".split())
"""都, 也, 还, 再, 我, 俺, 人, 好, 很, 行, 中, 对, 是, 了, 呀, 全, 刚, 已: directly before an answer."""

REPLIES = ("neng", "you", "mei", "zai", "xing", "zhong", "hao", "ke")
"""能, 有, 没, 在, 行, 中, 好, 可(以): how one of two units answers the other."""

AFFIRMING = {"是的", "对的"}
"""Phrases that affirm what only a person can say."""

WHOLE = ("一切", "全部", "都", "目前一切", "现在一切", "秩序", "平安", "没", "无")
"""Phrases that begin so are sentences: nothing before them denies them: 没有没有,一切正常."""

BY_THEMSELVES = ("你说", "你讲", "说吧", "讲吧", "是的", "对的", "没见", "等等", "木事")
"""Within a sentence they invite nobody and affirm nothing: 跟你说个事, 不是的, 没见过."""

PRAISING = {"得劲", "挺好的", "良好", "不赖", "还行", "还好", "没事", "没事儿"}
"""Phrases of how things are that net control says of what it was told, too; 没事 also to say that it wants nothing."""

AT_EASE, UNEASY = "得劲", words("bu", "mei", "tai", "ke", "gan", "zhe")
"""不得劲, 不太得劲, 干着得劲: not said of how things are; 不堵,得劲 is."""

WAITING = "等"
"""Phrases that begin so tell when, where more follows: 等会儿东风渠送过去."""

# Who comes, and who is there

COMING = words("wo", "an", "wo men", "an men", "zan men", "ren", "dou", "ye", "yi jing", "gang", "xian zai")
"""我(们), 俺(们), 咱们, 人, 都, 也, 已经, 刚, 现在: 到(了) directly after another word tells of something else: 车到了,
找到, 你到."""

STANDING = ("yi", "jing", "zai")
"""已经在丹尼斯门口了: directly before a place."""

IN_PLACE = ["dao", "wei"]
"""明理路巡防队到位: directly behind a call sign, and nothing else."""

THERE = ("到达", "到现场")
"""An order where more follows than a place: 明理路到达丹尼斯后报告, 明理路到现场看一下."""

DONE = words("yi jing", "le")
"""已经, 了: what follows THERE and is no order: 明理路到现场,已经控制住了."""

# Orders to the roll-call

LEADING = frozenset(
    (
        "xian zai xia mian wo men zan na me hao jiu zheng shi ma shang li ji qing ge wei da jia tong zhi jin tian de "
        "ben ci wan zao wu dan"
    ).split()
)
"""Syllables of 现在, 下面我们, 那么, 好, 各位, 今天的 …: an order to the roll-call may begin with them."""

NOT_AN_ORDER = words(
    "ma", "le ma", "mei", "le mei", "de", "hou", "yi hou", "zhi hou", "le yi hou", "shi", "qian", "yi qian",
    "zhi qian",
)  # fmt: skip
"""点名结束了吗, 开始点名的时候, 点名结束后: talk about a roll-call."""
