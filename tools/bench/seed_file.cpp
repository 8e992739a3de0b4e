// Writes a plan into the database that a kith made: every row as the server would have stored it.
#include "seed_file.hpp"

#include "error.hpp"

#include <sodium.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <memory>
#include <string_view>

namespace kith::bench {

namespace {

constexpr std::int64_t us_per_ms = 1000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t ids_begin_ms = 1'767'225'600'000;  // 2026-01-01
constexpr unsigned id_low_bits = 20;  // node and sequence
constexpr int role_user = 0;
constexpr int role_owner = 3;
constexpr int kind_direct = 0;
constexpr int kind_group = 1;
constexpr int member_role_owner = 0;
constexpr int member_role_member = 2;
constexpr int topic_of_user = 0;
constexpr int topic_of_conversation = 1;
// As the server hashes by default; another cost would be hashed anew at the first sign-in.
constexpr unsigned long long argon2_passes = 2;
constexpr std::size_t argon2_bytes = 64U << 20U;
// So much of the hash of its content tells whether a repeated request is the same.
constexpr std::size_t answer_hash_bytes = 16;
// How often the server marks where the head stood.
constexpr std::int64_t journal_mark_ms = 300'000;
constexpr std::size_t messages_between_news = 1'000'000;

class database {
public:
    explicit database(const std::string& path) {
        sqlite3* opened = nullptr;
        const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
        handle_.reset(opened);
        if (code != SQLITE_OK) fail("open " + path);
    }

    sqlite3* handle() const { return handle_.get(); }
    void run(const std::string& sql) const {
        if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
    }
    [[noreturn]] void fail(const std::string& what) const {
        throw bench_error(what + ": " + sqlite3_errmsg(handle()));
    }

private:
    struct closer {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, closer> handle_;
};

class insertion {
public:
    insertion(const database& into, const std::string& sql) : owner_(into) {
        sqlite3_stmt* made = nullptr;
        const int code =
            sqlite3_prepare_v3(into.handle(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
        handle_.reset(made);
        if (code != SQLITE_OK) into.fail(sql);
    }

    // Texts must live until this returns.
    template <class... Values>
    void add(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
        if (sqlite3_step(handle_.get()) != SQLITE_DONE) owner_.fail(sqlite3_sql(handle_.get()));
        sqlite3_reset(handle_.get());
    }

private:
    struct finalizer {
        void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
    };

    void bind(int index, std::int64_t value) { sqlite3_bind_int64(handle_.get(), index, value); }
    void bind(int index, std::string_view value) {
        sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
    }

    const database& owner_;
    std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

std::string hex_of(const unsigned char* bytes, std::size_t count) {
    std::string text(count * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes, count);
    text.pop_back();
    return text;
}

std::string hash_password(const std::string& password) {
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), argon2_passes, argon2_bytes,
                              crypto_pwhash_ALG_ARGON2ID13)
        != 0)
        throw bench_error("there is not enough memory to hash a password");
    return text.data();
}

// The ids, texts and rows of one plan.
class seeding {
public:
    seeding(const database& into, const seed_plan& plan) : into_(into), plan_(plan) {
        std::int64_t last = 0;
        for (const planned_conversation& c : plan.conversations) {
            const std::int64_t ms = plan.time_of(plan.created_pos(c)) - ids_begin_ms;
            last = std::max(last + 1, ms << id_low_bits);
            conversation_ids_.push_back(last);
        }
    }

    void write_people(const std::string& password) const {
        insertion row(into_,
                      "INSERT INTO users (id, username, username_key, username_look, folded_look, nickname, "
                      "nickname_key, bio, role, state, password, created_at, last_seen) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, 0, ?, ?, ?)");
        const std::string hash = hash_password(password);
        for (std::size_t i = 0; i < plan_.people; ++i) {
            const std::string name = seeded_username(i);
            const std::int64_t joined = joined_ms(i) * us_per_ms;
            row.add(person_id(i), name, name, name, name, name, name,
                    std::int64_t{i == 0 ? role_owner : role_user}, hash, joined, joined);
        }
    }

    void write_pairs() const {
        insertion row(
            into_,
            "INSERT INTO messages_conversations (id, kind, direct_key, last_seq, last_pos, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)");
        insertion member(
            into_,
            "INSERT INTO messages_members (conversation, user, peer, role, first_seq, read_seq, delivered_seq, "
            "pinned, notify, joined_at, joined_pos, draft) VALUES (?, ?, ?, 0, 1, ?, ?, 0, 0, ?, 0, '')");
        for (std::size_t i = 0; i < plan_.conversations.size(); ++i) {
            const planned_conversation& c = plan_.conversations[i];
            if (c.is_group) continue;
            const std::string key =
                std::to_string(person_id(c.members.at(0))) + ":" + std::to_string(person_id(c.members.at(1)));
            row.add(conversation_ids_[i], std::int64_t{kind_direct}, key, last_seq(c), last_pos(c),
                    made_at(c));
            for (std::size_t m = 0; m < c.members.size(); ++m)
                member.add(conversation_ids_[i], person_id(c.members[m]), person_id(c.members[1 - m]),
                           static_cast<std::int64_t>(c.read_seq[m]), last_seq(c), made_at(c));
        }
    }

    void write_groups() const {
        insertion row(into_,
                      "INSERT INTO messages_conversations (id, kind, title, last_seq, last_pos, created_at) "
                      "VALUES (?, ?, ?, ?, ?, ?)");
        insertion group(into_, "INSERT INTO groups_groups (id, member_count, created_at) VALUES (?, ?, ?)");
        insertion member(
            into_,
            "INSERT INTO messages_members (conversation, user, role, first_seq, read_seq, delivered_seq, "
            "pinned, notify, joined_at, joined_pos, draft) VALUES (?, ?, ?, 1, ?, ?, 0, 0, ?, ?, '')");
        for (std::size_t i = 0; i < plan_.conversations.size(); ++i) {
            const planned_conversation& c = plan_.conversations[i];
            if (!c.is_group) continue;
            row.add(conversation_ids_[i], std::int64_t{kind_group}, title_of(i), last_seq(c), last_pos(c),
                    made_at(c));
            group.add(conversation_ids_[i], static_cast<std::int64_t>(c.members.size()), made_at(c));
            for (std::size_t m = 0; m < c.members.size(); ++m)
                member.add(conversation_ids_[i], person_id(c.members[m]),
                           std::int64_t{m == 0 ? member_role_owner : member_role_member},
                           static_cast<std::int64_t>(c.read_seq[m]), last_seq(c), made_at(c),
                           std::int64_t{plan_.joined_pos(c, m)});
        }
    }

    void write_messages(const std::function<void(const std::string&)>& say) {
        insertion row(into_,
                      "INSERT INTO messages (conversation, seq, pos, sender, client_id, kind, sent_at, body) "
                      "VALUES (?, ?, ?, ?, ?, 0, ?, ?)");
        std::size_t done = 0;
        for (std::size_t i = 0; i < plan_.conversations.size(); ++i) {
            const planned_conversation& c = plan_.conversations[i];
            for (std::size_t seq = 1; seq <= c.messages; ++seq) {
                const std::uint32_t pos = plan_.message_pos(c, seq);
                const std::int64_t at = plan_.time_of(pos);
                write_text(i, seq, at);
                row.add(conversation_ids_[i], static_cast<std::int64_t>(seq), std::int64_t{pos},
                        person_id(plan_.sender_of(i, seq)), client_id_, at * us_per_ms, body_);
                if (++done % messages_between_news == 0) say(std::to_string(done) + " messages");
            }
        }
    }

    // Where the journal stands, and the notes, times and answers of what it still keeps.
    void write_journal() {
        gather_recent();
        const std::uint32_t horizon = plan_.horizon();
        std::array<unsigned char, 6> mark{};
        seeded_numbers numbers(plan_.options.seed, plan_.head(), horizon);
        for (unsigned char& byte : mark) byte = static_cast<unsigned char>(numbers.below(256));
        into_.run("UPDATE journal_head SET pos = " + std::to_string(plan_.head())
                  + ", horizon = " + std::to_string(horizon) + ", epoch = '"
                  + hex_of(mark.data(), mark.size()) + "' WHERE id = 1");
        write_notes();
        write_answers();
        insertion row(into_, "INSERT INTO journal_times (at, pos) VALUES (?, ?)");
        std::uint32_t pos = horizon;
        std::uint32_t last = horizon;
        const std::int64_t oldest = plan_.options.until_ms - seed_journal_ms;
        for (std::int64_t at = oldest; at < plan_.options.until_ms; at += journal_mark_ms) {
            while (pos < plan_.head() && plan_.time_of(pos + 1) <= at) ++pos;
            if (pos > last) row.add(at * us_per_ms, std::int64_t{pos});
            last = pos;
        }
    }

private:
    // What the journal still holds of a conversation: one of its messages, or something of its making.
    struct recent_event {
        std::uint32_t pos = 0;
        std::uint32_t conversation = 0;
        std::uint32_t seq = 0;  // of a message, else 0
        std::uint32_t person = 0;  // sender, or whom the making concerns
        bool joins = false;  // of a group
    };

    static std::int64_t last_seq(const planned_conversation& c) {
        return static_cast<std::int64_t>(c.messages);
    }
    std::int64_t last_pos(const planned_conversation& c) const { return plan_.message_pos(c, c.messages); }
    std::int64_t made_at(const planned_conversation& c) const {
        return plan_.time_of(plan_.created_pos(c)) * us_per_ms;
    }
    // Two common words.
    std::string title_of(std::size_t index) const {
        constexpr std::size_t common = 300;
        seeded_numbers numbers(plan_.options.seed, index, 0);
        const std::size_t one = numbers.below(common);
        const std::size_t other = numbers.below(common);
        if (plan_.conversations[index].language == chat_language::english)
            return words_.english_word(one) + " " + words_.english_word(other);
        return words_.chinese_word(one) + words_.chinese_word(other);
    }

    std::int64_t joined_ms(std::size_t person) const {
        return plan_.begin_ms - day_ms + static_cast<std::int64_t>(person);
    }
    std::int64_t person_id(std::size_t person) const {
        return (joined_ms(person) - ids_begin_ms) << id_low_bits;
    }

    // Fills client_id_ and body_; the same ones whenever it is asked.
    void write_text(std::size_t index, std::size_t seq, std::int64_t at_ms) {
        const planned_conversation& c = plan_.conversations[index];
        seeded_numbers numbers(plan_.options.seed, index, seq);
        const auto ms = static_cast<unsigned long long>(at_ms);
        const unsigned long long high = numbers.next();
        const unsigned long long low = numbers.next();
        std::array<char, 80> id{};
        std::snprintf(id.data(), id.size(), "%08llx-%04llx-7%03llx-%04llx-%012llx", ms >> 16U, ms & 0xffffU,
                      high & 0xfffU, 0x8000U | (high >> 16U & 0x3fffU), low & 0xffffffffffffU);
        client_id_ = id.data();
        body_ = R"({"text":")";
        words_.append_message(body_, numbers, c.language);
        body_ += R"("})";
    }

    void gather_recent() {
        const std::uint32_t horizon = plan_.horizon();
        for (std::size_t i = 0; i < plan_.conversations.size(); ++i) {
            const planned_conversation& c = plan_.conversations[i];
            const auto index = static_cast<std::uint32_t>(i);
            for (std::size_t seq = c.messages; seq > 0; --seq) {
                const std::uint32_t pos = plan_.message_pos(c, seq);
                if (pos <= horizon) break;
                recent_.push_back(
                    {pos, index, static_cast<std::uint32_t>(seq), plan_.sender_of(i, seq), false});
            }
            if (plan_.message_pos(c, 0) > horizon) gather_making(c, index, horizon);
        }
    }

    void gather_making(const planned_conversation& c, std::uint32_t index, std::uint32_t horizon) {
        for (std::size_t m = 0; m < c.members.size(); ++m) {
            const std::uint32_t person = c.members[m];
            const std::uint32_t joined = c.is_group ? plan_.joined_pos(c, m) : 0;
            const std::uint32_t shown = c.is_group ? plan_.shown_pos(c, m) : plan_.created_pos(c);
            if (joined > horizon) recent_.push_back({joined, index, 0, person, true});
            if (shown > horizon) recent_.push_back({shown, index, 0, person, false});
        }
    }

    void write_notes() {
        std::sort(recent_.begin(), recent_.end(),
                  [](const recent_event& a, const recent_event& b) { return a.pos < b.pos; });
        insertion row(
            into_, "INSERT INTO journal_notes (pos, topic, change_name, thing, seq) VALUES (?, ?, ?, ?, ?)");
        for (const recent_event& event : recent_) {
            const std::int64_t thing = conversation_ids_[event.conversation];
            const std::int64_t pos = event.pos;
            const std::int64_t to_all = thing * 4 + topic_of_conversation;
            const std::int64_t person = person_id(event.person);
            const std::int64_t to_one = person * 4 + topic_of_user;
            if (event.seq > 0) {
                row.add(pos, to_all, std::string_view("message.created"), thing, std::int64_t{event.seq});
            } else if (event.joins) {
                row.add(pos, to_all, std::string_view("member.joined"), thing, person);
                row.add(pos, to_one, std::string_view("member.joined"), thing, person);
            } else {
                row.add(pos, to_one, std::string_view("conversation.created"), thing, std::int64_t{0});
            }
        }
    }

    // In the order of the notes, which is nearly that of their keys: those begin with the time.
    void write_answers() {
        insertion row(into_, "INSERT INTO journal_answers (answer_key, user_id, input_hash, answer, made_at) "
                             "VALUES (?, ?, ?, ?, ?)");
        for (const recent_event& event : recent_) {
            if (event.seq == 0) continue;
            const std::int64_t at = plan_.time_of(event.pos);
            write_text(event.conversation, event.seq, at);
            const std::string input = std::to_string(conversation_ids_[event.conversation]) + "\n0\n" + body_;
            std::array<unsigned char, 32> hash{};
            crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(input.data()),
                               input.size(), nullptr, 0);
            const std::string answer = std::to_string(event.seq) + " " + std::to_string(event.pos) + " "
                                       + std::to_string(at * us_per_ms);
            row.add(client_id_, person_id(event.person), hex_of(hash.data(), answer_hash_bytes), answer,
                    at * us_per_ms);
        }
    }

    const database& into_;
    const seed_plan& plan_;
    chat_text words_;
    std::vector<std::int64_t> conversation_ids_;
    std::vector<recent_event> recent_;
    std::string client_id_;
    std::string body_;
};

}  // namespace

void write_seed_file(const std::string& path, const seed_plan& plan, const std::string& password,
                     const std::function<void(const std::string&)>& say) {
    if (sodium_init() < 0) throw bench_error("libsodium does not start");
    const database into(path);
    // Nothing is lost if this is cut off: the folder is made anew. The server sets its own modes when it opens the file.
    into.run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
             "PRAGMA cache_size = -400000; BEGIN");
    seeding rows(into, plan);
    rows.write_people(password);
    rows.write_pairs();
    rows.write_groups();
    rows.write_messages(say);
    say("the journal");
    rows.write_journal();
    into.run("COMMIT");
    into.run("PRAGMA journal_mode = WAL");
}

}  // namespace kith::bench
