"""Characters with several common readings, as found in names of places, people and trades."""

from __future__ import annotations


def _table(text: str) -> dict[str, tuple[str, ...]]:
    return {char: tuple(readings.split()) for char, _, readings in (e.partition(":") for e in text.split(";"))}


LONE = {char: readings[0] for char, readings in _table(
    "长:chang2;都:du1;曲:qu1;华:hua2;甸:dian4;们:men2;卡:ka3;堡:bao3;佛:fo2;乐:le4;朝:chao2;漯:luo4;行:hang2;"
    "和:he2;厦:xia4;子:zi3;中:zhong1;大:da4;上:shang4;兴:xing1;重:chong2;调:diao4;发:fa1;好:hao3;会:hui4;"
    "家:jia1;里:li3;石:shi2;头:tou2;校:xiao4"
).items()}  # fmt: skip
"""Default reading of an isolated character between known words: as in place names (长葛, 望都)."""

LONE_IN_TALK = _table("都:dou1 du1;行:xing2")
"""The same where words are no names, the spoken reading first: 都就位, 还行."""

ANYWHERE = _table(
    "长:chang2 zhang3;都:du1 dou1;行:hang2 xing2;重:chong2 zhong4;乐:le4 yue4 lao4;朝:chao2 zhao1;曲:qu1 qu3;"
    "台:tai2 tai1;六:liu4 lu4;丽:li4 li2;济:ji4 ji3;洞:dong4 tong2;埔:pu3 bu4;陂:pi2 bei1 po1;堡:bao3 bu3 pu4;"
    "铺:pu4 pu1;厦:xia4 sha4;涌:yong3 chong1;泊:bo2 po1;漯:luo4 ta4;浒:hu3 xu3;莘:shen1 xin1;浚:jun4 xun4;"
    "栎:li4 yue4;隗:wei3 kui2;祭:ji4 zha4 zhai4;观:guan1 guan4;冠:guan1 guan4;会:hui4 kuai4;卡:ka3 qia3;"
    "调:diao4 tiao2;场:chang3 chang2;藏:cang2 zang4;塞:sai1 sai4 se4;强:qiang2 jiang4 qiang3;圈:quan1 juan4;"
    "兴:xing1 xing4;降:jiang4 xiang2;蒙:meng2 meng3;蚌:bang4 beng4;颈:jing3 geng3;峙:zhi4 shi4;仆:pu1 pu2;"
    "佛:fo2 fu2;番:fan1 pan1;什:shi2 shen2;弹:dan4 tan2;磨:mo2 mo4;泥:ni2 ni4;扇:shan1 shan4;鲜:xian1 xian3;"
    "扎:zha1 za1 zha2;斗:dou3 dou4;荷:he2 he4;横:heng2 heng4;角:jiao3 jue2;壳:ke2 qiao4;勒:le4 lei1;"
    "露:lu4 lou4;绿:lv4 lu4;落:luo4 la4 lao4;难:nan2 nan4;屏:ping2 bing3;奇:qi2 ji1;蹊:xi1 qi1;"
    "巷:xiang4 hang4;血:xue4 xie3;殷:yin1 yan1;载:zai4 zai3;涨:zhang3 zhang4;阿:a1 e1;坊:fang1 fang2;"
    "枞:cong1 zong1;背:bei4 bei1;监:jian1 jian4;筠:yun2 jun1;犍:jian1 qian2;莎:sha1 suo1;伽:jia1 qie2 ga1;"
    "隽:juan4 jun4;歙:she4 xi1"
)
"""Character → its common readings."""

AT_THE_BEGINNING = _table(
    "单:dan1 shan4;解:jie3 xie4 hai4;曾:zeng1 ceng2;查:cha2 zha1;仇:chou2 qiu2;华:hua2 hua4;朴:pu3 piao2;"
    "盖:gai4 ge3;覃:qin2 tan2;缪:miao4 mou2 miu4;尉:wei4 yu4;翟:zhai2 di2;任:ren4 ren2;宁:ning2 ning4;"
    "葛:ge2 ge3;纪:ji4 ji3;那:na4 na1;燕:yan4 yan1;应:ying1 ying4;哈:ha1 ha3;种:zhong3 zhong4 chong2;"
    "秘:mi4 bi4;牟:mou2 mu4;员:yuan2 yun4;句:ju4 gou1;召:zhao4 shao4;干:gan4 gan1;过:guo4 guo1;黑:hei1 he4;"
    "薄:bao2 bo2;柏:bai3 bo2;卜:bu3 bo5;费:fei4 bi4;冯:feng2 ping2;盛:sheng4 cheng2;石:shi2 dan4;"
    "宿:su4 xiu3 xiu4;相:xiang1 xiang4;要:yao4 yao1;沈:shen3 chen2;贾:jia3 gu3;洗:xi3 xian3;肖:xiao1 xiao4;"
    "折:zhe2 she2"
)
"""The same for characters whose other reading is a surname: in place names these come first (单家庄)."""
