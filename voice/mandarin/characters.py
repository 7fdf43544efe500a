"""The character that is most often meant by a syllable, for syllables of which nothing more is known.

Counted in jieba's dictionary (how often each word is used) with the readings of pypinyin.
"""

from __future__ import annotations

COMMON = {
    entry[:-1]: entry[-1]
    for entry in """
    a啊 ai爱 an安 ang昂 ao奥 ba把 bai白 ban办 bang邦 bao报 bei北 ben本 beng崩 bi比 bian变 biao表
    bie别 bin宾 bing并 bo波 bu不 ca擦 cai才 can参 cang藏 cao草 ce策 cen涔 ceng曾 cha察 chai拆
    chan产 chang场 chao朝 che车 chen陈 cheng成 chi持 chong冲 chou抽 chu出 chua欻 chuai揣 chuan传
    chuang创 chui吹 chun春 chuo戳 ci此 cong从 cou凑 cu促 cuan窜 cui催 cun存 cuo错 da大 dai代
    dan但 dang当 dao到 de的 dei得 den扥 deng等 di地 dian点 diao调 die爹 ding定 diu丢 dong动 dou都
    du度 duan段 dui对 dun顿 duo多 e额 ei诶 en恩 er而 fa发 fan反 fang方 fei非 fen分 feng风 fo佛
    fou否 fu府 ga尬 gai改 gan干 gang刚 gao高 ge个 gei给 gen根 geng更 gong工 gou构 gu古 gua挂
    guai怪 guan关 guang光 gui规 gun滚 guo国 ha哈 hai还 han汉 hang航 hao好 he和 hei黑 hen很 heng横
    hong红 hou后 hu湖 hua化 huai怀 huan环 huang黄 hui会 hun婚 huo或 ji机 jia家 jian建 jiang将
    jiao教 jie解 jin进 jing经 jiong炯 jiu就 ju据 juan涓 jue决 jun军 ka卡 kai开 kan看 kang抗 kao考
    ke可 ken肯 keng坑 kong空 kou口 ku苦 kua跨 kuai快 kuan宽 kuang况 kui亏 kun困 kuo括 la拉 lai来
    lan兰 lang朗 lao老 le了 lei类 leng冷 li里 lia俩 lian联 liang两 liao料 lie列 lin林 ling领
    liu流 long龙 lou楼 lu路 luan乱 lun论 luo落 lv律 lve略 ma马 mai买 man满 mang忙 mao毛 me么
    mei没 men们 meng蒙 mi米 mian面 miao庙 mie灭 min民 ming明 miu谬 mo模 mou某 mu目 na那 nai奶
    nan南 nang囊 nao脑 ne呢 nei内 nen嫩 neng能 ni你 nian年 niang娘 niao鸟 nie捏 nin您 ning宁
    niu牛 nong农 nou耨 nu奴 nuan暖 nuo诺 nv女 nve虐 o哦 ou欧 pa怕 pai派 pan判 pang旁 pao炮 pei配
    pen盆 peng朋 pi批 pian片 piao票 pie撇 pin品 ping平 po破 pou剖 pu普 qi其 qia恰 qian前 qiang强
    qiao桥 qie且 qin亲 qing情 qiong穷 qiu求 qu去 quan全 que却 qun群 ran然 rang让 rao绕 re热 ren人
    reng仍 ri日 rong容 rou肉 ru如 rua挼 ruan软 rui瑞 run润 ruo若 sa萨 sai赛 san三 sang丧 sao扫
    se色 sen森 seng僧 sha杀 shai晒 shan山 shang上 shao少 she设 shen身 sheng生 shi是 shou手 shu数
    shua刷 shuai率 shuan拴 shuang双 shui水 shun顺 shuo说 si司 song送 sou搜 su速 suan算 sui随 sun孙
    suo所 ta他 tai太 tan谈 tang堂 tao讨 te特 teng腾 ti体 tian天 tiao条 tie铁 ting听 tong同 tou头
    tu土 tuan团 tui推 tun吞 tuo脱 wa瓦 wai外 wan万 wang王 wei为 wen文 weng翁 wo我 wu无 xi西
    xia下 xian现 xiang想 xiao小 xie些 xin心 xing行 xiong兄 xiu修 xu许 xuan选 xue学 xun训 ya亚
    yan眼 yang样 yao要 ye也 yi一 yin因 ying应 yo哟 yong用 you有 yu于 yuan员 yue月 yun运 za杂
    zai在 zan咱 zang藏 zao造 ze则 zei贼 zen怎 zeng增 zha炸 zhai寨 zhan战 zhang长 zhao照 zhe这
    zhen真 zheng政 zhi之 zhong中 zhou州 zhu主 zhua抓 zhuai拽 zhuan专 zhuang装 zhui追 zhun准 zhuo桌
    zi子 zong总 zou走 zu族 zuan钻 zui最 zun尊 zuo作
""".split()
}
"""Toneless syllable → character."""
