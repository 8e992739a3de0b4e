// The full-text index itself: all that is not SQL of every database.
#pragma once

#include "store.hpp"

namespace kith::search::store::fts {

void insert(transaction& t, const entry& made);
void remove(transaction& t, const entry& gone);
void clear(transaction& t);
bool merge(transaction& t, bool begin, std::int64_t pages);
void visit(snapshot& s, const question& asked, const std::function<bool(std::int64_t)>& visit);

}  // namespace kith::search::store::fts
