// What modules do with the journal inside their own transaction: note a change, remember an answer.
#pragma once

#include <kith/journal.hpp>

namespace kith::journal {

/// Notes in the running job that `content` changed, for the given topics, and returns the position of the change.
/// `name` is the event type and a literal; `thing` and `seq` are the key by which the owning module renders it later.
template <class Content>
std::int64_t note(writer& into, transaction& t, std::string_view name, std::int64_t thing, std::int64_t seq,
                  std::initializer_list<topic> topics, Content content) {
    change what;
    what.name = name;
    what.thing = thing;
    what.seq = seq;
    what.topics = topics;
    what.content = std::make_shared<const Content>(std::move(content));
    what.type = &typeid(Content);
    return into.append(t, std::move(what));
}

/// How long a repeated request gets its first answer again.
inline constexpr std::chrono::hours idempotency_kept{30 * 24};

/// Looks for the answer that `user` got under `key`. `input` is a hash of the parsed input: when it differs from the
/// first request's this throws `conflict`. To be asked first in the job, before permission.
[[nodiscard]] std::optional<std::string> remembered_answer(transaction& t, user_id user, std::string_view key,
                                                           std::string_view input);
/// Says that this will be looked for; see questions::ask_ahead().
void ask_remembered_answer(db::questions& q, user_id user, std::string_view key);
/// Stores an answer in the same transaction as what it tells of.
void remember_answer(transaction& t, user_id user, std::string_view key, std::string_view input,
                     std::string_view answer);
/// Where a walk over the remembered answers stands; an empty key: at the front.
struct answers_walk {
    answers_walk() = default;
    std::string key;
    user_id user;
};
struct answers_pruned {
    answers_pruned() = default;
    answers_walk next;  ///< where to go on: at the front again once the end was reached
    std::size_t deleted = 0;
};
/// Looks at the next `rows_max` answers of the walk and deletes those older than idempotency_kept.
[[nodiscard]] answers_pruned prune_answers(transaction& t, const answers_walk& from, std::size_t rows_max);

}  // namespace kith::journal
