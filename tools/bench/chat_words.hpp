// The words of the text generator, the commonest first; what a list does not hold is put together from syllables.
#pragma once

#include <array>
#include <string_view>

namespace kith::bench {

// Blanks separate the words, so that a list reads as text.
inline constexpr std::string_view chinese_words =
    "的 我 你 了 是 不 在 我们 就 好 有 也 他 这 都 那 啊 吧 要 会 说 吗 去 今天 可以 没有 什么 一个 知道 现在 "
    "大家 明天 时间 怎么 还是 已经 因为 所以 但是 自己 觉得 他们 这个 那个 看到 晚上 一下 问题 时候 谢谢 "
    "开会 工作 公司 项目 客户 老师 学生 学校 朋友 孩子 妈妈 爸爸 家里 回家 吃饭 早上 中午 下午 周末 上班 下班 "
    "电话 手机 消息 微信 邮件 文件 照片 视频 链接 密码 账号 电脑 网络 系统 数据 分析 报告 方案 计划 安排 会议 "
    "上海 北京 广州 深圳 杭州 成都 武汉 南京 西安 重庆 中国 美国 日本 欧洲 城市 地方 路上 地铁 公交 飞机 高铁 "
    "火车 机场 车站 酒店 房间 房子 租金 房东 医院 医生 身体 感冒 生病 吃药 休息 睡觉 起床 跑步 锻炼 游泳 足球 "
    "篮球 比赛 电影 音乐 唱歌 游戏 旅游 旅行 风景 天气 下雨 下雪 太阳 刮风 冷 热 春天 夏天 秋天 冬天 生日 礼物 "
    "蛋糕 咖啡 奶茶 啤酒 水果 苹果 西瓜 蔬菜 牛肉 鸡蛋 米饭 面条 火锅 烧烤 餐厅 外卖 快递 超市 便宜 价格 多少 "
    "钱 付款 转账 发票 合同 签字 订单 发货 收到 确认 取消 修改 更新 测试 上线 版本 代码 服务器 接口 文档 需求 设计 "
    "开发 产品 运营 市场 销售 财务 人事 面试 简历 工资 请假 加班 出差 报销 培训 考试 成绩 作业 毕业 大学 专业 论文 "
    "研究 实验 老板 同事 经理 部门 团队 领导 负责 支持 帮忙 麻烦 辛苦 抱歉 没关系 不客气 当然 可能 应该 必须 需要 "
    "希望 喜欢 讨厌 害怕 担心 开心 难过 生气 累 忙 漂亮 可爱 有趣 无聊 奇怪 重要 简单 困难 清楚 明白 忘记 记得 相信 "
    "怀疑 发现 决定 开始 结束 继续 停止 准备 完成 成功 失败 努力 机会 经验 能力 关系 影响 结果 原因 方法 办法 情况 "
    "变化 发展 社会 经济 文化 历史 政府 法律 新闻 报纸 书 小说 故事 作者 名字 地址 号码 身份证 护照 签证 银行 股票 "
    "基金 保险 贷款 投资 装修 家具 冰箱 空调 洗衣机 电视 衣服 鞋子 帽子 眼镜 手表 雨伞 钥匙 钱包 箱子 猫 狗 鱼 鸟 "
    "花 树 山 海 河 湖 公园 动物园 博物馆 图书馆 健身房 停车场 加油站 红绿灯 堵车 司机 出租车 自行车 望远镜 显微镜 "
    "钢琴 吉他 小提琴 摄影 书法 围棋 象棋 太极拳 端午节 中秋节 春节 元宵 月饼 饺子 汤圆 粽子";

inline constexpr std::string_view english_words =
    "the to I and you a it is in that of for we on have this be but not so are with can do just at was if my me or "
    "will what your yes no they from like get all out up know there about one now ok think go going when how today "
    "time tomorrow good see need make then really some here would want let work thanks still back right well maybe "
    "could should come did people them more new day before after over home meeting call send please sure great "
    "morning evening night week month year lunch dinner coffee office project team client report file link photo "
    "video message email phone number password account computer server network system data analysis plan version "
    "release test code review branch deploy bug fix issue ticket customer contract invoice payment price budget "
    "market sales design product feature request update change check confirm cancel finish start stop wait ready "
    "late early soon later again never always sometimes often usually probably actually already almost enough "
    "something nothing everything anyone someone everyone friend family kids mother father brother sister school "
    "teacher student class exam homework university paper research book story movie music song game match football "
    "weather rain snow sunny cold warm hot summer winter spring autumn holiday trip travel flight train station "
    "airport hotel ticket taxi bus car road street city house flat rent room kitchen garden door key table chair "
    "doctor hospital sick tired sleep breakfast bread cheese apple chicken rice soup wine beer water tea shop store "
    "cheap expensive money bank card order delivery package address party birthday present cake dance sing happy "
    "sad angry sorry funny boring strange important simple difficult clear remember forget believe doubt find lose "
    "decide begin continue prepare succeed fail try chance idea reason result method history culture law news "
    "museum library gym park bridge river mountain sea beach dog cat bird fish tree flower piano guitar violin "
    "telescope microscope chess camera umbrella wallet passport visa insurance investment furniture refrigerator";

// Two or three of these make a rarer Chinese word.
inline constexpr std::string_view chinese_syllables =
    "安 白 宝 北 本 博 材 草 长 朝 晨 程 川 春 达 德 东 方 飞 丰 风 福 刚 高 格 光 贵 国 海 涵 航 和 恒 红 宏 华 "
    "环 辉 慧 吉 济 佳 嘉 建 江 杰 金 景 静 军 凯 康 科 昆 兰 乐 雷 力 立 丽 良 林 玲 龙 鲁 罗 美 明 木 南 宁 平 "
    "奇 千 强 青 清 秋 然 仁 荣 如 瑞 森 山 尚 石 书 帅 思 松 泰 涛 天 庭 伟 文 武 西 夏 祥 晓 欣 新 星 雄 秀 旭 "
    "雪 雅 彦 阳 叶 怡 义 艺 英 永 勇 宇 雨 玉 元 远 月 云 泽 照 哲 振 正 志 智 中 州 珠 卓 子 宗";

// Three or four of these make a rarer English word.
inline constexpr std::string_view english_syllables =
    "ba be bo ca co da de di do fa fe fi ga go ha he ho ja jo ka ke ki la le li lo ma me mi mo na ne no pa pe po ra "
    "re ri ro sa se si so ta te ti to va ve vi wa we za zo";

}  // namespace kith::bench
