// The text preparation: what is indexed, what finds it, where the marks stand.
#include "words.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <sstream>
#include <string>

using namespace kith::search;

namespace {

std::set<std::string> tokens(const std::string& text) {
    std::istringstream in(index_words(text));
    std::set<std::string> found;
    for (std::string one; in >> one;) {
        CHECK(found.insert(one).second);
    }
    return found;
}

using set = std::set<std::string>;

/// Whether the query finds the text: in the text itself, and by the index. They must agree.
bool finds(const std::string& query, const std::string& text) {
    const std::vector<term> terms = split_query(query);
    if (terms.empty()) {
        return false;
    }
    const bool live = find_terms(text, terms).has_value();
    if (live) {
        const set indexed = tokens(text);
        for (const index_term& one : index_terms(terms)) {
            bool there = false;
            for (const std::string& token : indexed) {
                there = there || (one.prefix ? token.starts_with(one.token) : token == one.token);
            }
            INFO(query << " in " << text << ": token " << one.token);
            CHECK(there);
        }
    }
    return live;
}

std::vector<range> marks(const std::string& query, const std::string& text) {
    return find_terms(text, split_query(query)).value_or(std::vector<range>());
}

using ranges = std::vector<range>;

}  // namespace

TEST_CASE("Chinese is indexed as single characters and overlapping pairs") {
    CHECK(tokens("上海好") == set{"上", "上海", "海", "海好", "好"});
    CHECK(tokens("好") == set{"好"});
    CHECK(tokens("上海，好") == set{"上", "上海", "海", "好"});
    CHECK(tokens("上 海") == set{"上", "海"});
    CHECK(tokens("哈哈哈哈") == set{"哈", "哈哈"});
}

TEST_CASE("words of one, two and more characters are found") {
    CHECK(finds("上海", "我在上海分析数据"));
    CHECK(finds("分析", "我在上海分析数据"));
    CHECK(finds("好", "你好"));
    CHECK(finds("好", "好人"));
    CHECK(finds("上海分析", "我在上海分析数据"));
    CHECK_FALSE(finds("上海数据", "我在上海分析数据"));
    CHECK_FALSE(finds("海上", "上海"));
    CHECK(finds("上海 数据", "我在上海分析数据"));
    CHECK_FALSE(finds("上海", "上，海"));
    CHECK_FALSE(finds("上海海上", "上海 海上"));  // pairs alone would say yes
    CHECK(finds("𠮷野家", "在𠮷野家吃饭"));  // beyond the basic plane
    CHECK(finds("𠮷", "在𠮷野家吃饭"));
    CHECK(finds("々", "人々"));
}

TEST_CASE("kana, Hangul and Thai are scripts without spaces") {
    CHECK(finds("カメラ", "新しいカメラです"));
    CHECK(finds("ｶﾒﾗ", "新しいカメラです"));  // half width
    CHECK(finds("ガ", "ｶﾞラス"));
    CHECK_FALSE(finds("か", "がく"));  // a voiced sign is no accent
    CHECK(finds("が", "か\u3099く"));
    CHECK(finds("한국", "대한민국 한국어"));
    CHECK(finds("한", "\u1112\u1161\u11ab"));  // of conjoining letters
    CHECK(finds("กรุงเทพ", "ไปกรุงเทพมหานคร"));
}

TEST_CASE("Latin words are folded, and longer ones found by their beginning") {
    CHECK(tokens("Café CAFE cafe\u0301") == set{"cafe"});
    CHECK(tokens("Straße") == set{"strasse"});
    CHECK(tokens("Ｋｉｔｈ ﬁne") == set{"kith", "fine"});
    CHECK(finds("CAFÉ", "a cafe here"));
    CHECK(finds("kit", "Kith is here"));
    CHECK(finds("Kith", "kith"));
    CHECK_FALSE(finds("ith", "kith"));
    CHECK_FALSE(finds("ki", "kith"));  // too short to be a beginning
    CHECK(finds("ok", "that is OK."));
    CHECK(finds("łódź", "Lodz"));
    CHECK(finds("smørrebrød", "SMORREBROD"));
    CHECK(finds("ёлка", "Елка"));
    CHECK(finds("don't", "I don't know"));
    CHECK(finds("2024", "in 20241121"));
    CHECK(finds("foo bar", "bar foo"));
    CHECK_FALSE(finds("foo bar", "foo"));
    CHECK(finds("soft\u00ADware", "software"));
    CHECK(finds("हिन्दी", "मुझे हिन्दी आती है"));
    CHECK_FALSE(finds("हन्दी", "हिन्दी"));  // a vowel sign is no accent
}

TEST_CASE("the Turkish i is one letter with and without dot") {
    CHECK(finds("istanbul", "İSTANBUL"));
    CHECK(finds("İstanbul", "istanbul"));
    CHECK(finds("ISTANBUL", "ıstanbul"));
    CHECK(finds("ılık", "ILIK"));
}

TEST_CASE("mixed text is taken apart where the scripts meet") {
    CHECK(tokens("用Kith聊天") == set{"用", "kith", "聊", "聊天", "天"});
    CHECK(finds("用Kith聊天", "我用kith聊天"));
    CHECK(finds("kith", "我用Kith聊天"));
    CHECK_FALSE(finds("用聊", "用Kith聊天"));
    CHECK(finds("2024年", "于2024年"));
}

TEST_CASE("emoji are found") {
    CHECK(finds("😀", "fine😀"));
    CHECK_FALSE(finds("😀", "fine😁"));
    CHECK(finds("👍", "👍🏽"));  // with a skin tone
    CHECK(finds("❤️", "I ❤ it"));  // with and without the emoji style
    CHECK(finds("👩‍💻", "the 👩‍💻 is in"));
    CHECK(finds("🇨🇳", "🇫🇷🇨🇳"));
    CHECK_FALSE(finds("🇨🇳", "🇨🇭🇳🇱"));
}

TEST_CASE("what the index could take for its language is no token") {
    CHECK(tokens("\" * ( ) ^ - : + , . / \\ ' { } \n\t") == set{});
    CHECK(tokens("AND OR NOT NEAR(a b, 3)") == set{"and", "or", "not", "near", "a", "b", "3"});
    CHECK(split_query("\"\"*").empty());
    CHECK(split_query("").empty());
    CHECK(tokens("\uE000123 \uE001") == set{"123"});  // marks of the index itself
    for (const index_term& one : index_terms(split_query("a\"b* OR col:x 你\"好"))) {
        CHECK(one.token.find_first_of("\"*: ") == std::string::npos);
    }
}

TEST_CASE("very long words and very many marks are bounded") {
    const std::string longest(word_code_points_max, 'x');
    CHECK(tokens(std::string(5000, 'x')) == set{longest});
    CHECK(finds(std::string(60, 'x'), std::string(5000, 'x')));
    std::string zalgo = "a";
    for (int i = 0; i < 5000; ++i) {
        zalgo += "\u0301";
    }
    CHECK(tokens(zalgo) == set{"a"});
    CHECK(marks("a", zalgo) == ranges{range(0, 5001)});
    CHECK(index_terms(split_query("\uFDFA")).size() > 1);  // one code point, several words
}

TEST_CASE("marks are code points of the text as it is") {
    CHECK(marks("上海", "😀在上海，上海") == ranges{range(2, 4), range(5, 7)});
    CHECK(marks("哈哈", "哈哈哈") == ranges{range(0, 3)});  // overlapping places are one
    CHECK(marks("caf", "le Cafe\u0301!") == ranges{range(3, 8)});  // the whole word with its accent
    CHECK(marks("fine", "a ﬁne b") == ranges{range(2, 5)});
    CHECK(marks("b a", "a b") == ranges{range(0, 1), range(2, 3)});
}

TEST_CASE("an excerpt is cut around the first match and moves the marks along") {
    const auto cut = [](const std::string& query, const std::string& text) {
        return cut_excerpt(text, marks(query, text));
    };
    excerpt_text made = cut("海", "上海");
    CHECK(made.text == "上海");
    CHECK(made.marks == ranges{range(1, 2)});

    std::string text;
    for (int i = 0; i < 500; ++i) {
        text += i == 300 ? "针" : "草";
    }
    made = cut("针", text);
    CHECK(made.text.starts_with("…草"));
    CHECK(made.text.ends_with("草…"));
    CHECK(made.marks == ranges{range(31, 32)});
    CHECK(made.text.size() == 3 * (excerpt_code_points + 2));

    made = cut("针", text.substr(0, 3 * 301));  // at the end of the text
    CHECK(made.text.ends_with("针"));
    CHECK(made.marks == ranges{range(120, 121)});

    // A letter keeps its marks, and a mark that reaches beyond ends with the excerpt.
    const std::string accents = std::string(119, ' ') + "e\u0301\u0302 x";
    made = cut_excerpt(accents, ranges{range(0, 123)});
    CHECK(made.text == std::string(119, ' ') + "…");
    CHECK(made.marks == ranges{range(0, 119)});
}
