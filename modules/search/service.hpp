// Searching: what a caller may find, in pages.
#pragma once

#include "indexer.hpp"
#include "rules.hpp"

#include <kith/gateway.hpp>
#include <kith/search.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace kith::search {

struct found_message {
    found_message() = default;
    messages::message message;
    excerpt_text excerpt;
};

struct search_page {
    search_page() = default;
    std::vector<found_message> items;  ///< newest first
    std::optional<std::int64_t> next;  ///< the position to go on below
};

class search_service final : public service {
public:
    explicit search_service(const deps& needs)
        : store_(needs.store), index_(needs.index), clock_(needs.clock), indexer_(needs) {}

    task<void> run() override { return indexer_.run(); }
    void committed(const journal::batch& changes) override { indexer_.committed(changes); }
    void stop() override { indexer_.stop(); }
    task<void> rebuild() override { return indexer_.rebuild(); }
    task<status> read_status() override { return indexer_.read_status(); }

    /// Throws `invalid` naming the field, `not_found` for a conversation that the caller is not in.
    task<search_page> search(gateway::principal who, search_query asked);

private:
    database& store_;
    database& index_;
    const clock_source& clock_;
    indexer indexer_;
};

}  // namespace kith::search
