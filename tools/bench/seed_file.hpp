// Writes a plan into the database that a kith made. The one file of the bench that knows tables and columns.
#pragma once

#include "seed_plan.hpp"

#include <functional>
#include <string>

namespace kith::bench {

// `path` is the database of a stopped server that nobody has used yet, with the schema that its kith made. All people
// get this password. `say` hears of progress. Throws bench_error; the file is worth nothing then.
void write_seed_file(const std::string& path, const seed_plan& plan, const std::string& password,
                     const std::function<void(const std::string&)>& say);

}  // namespace kith::bench
