// What the drivers throw, and what a caller of the database sees of it.
#include "driver_error.hpp"

namespace kith::db {

std::exception_ptr public_error(std::exception_ptr failed) {
    if (!failed) {
        return failed;
    }
    std::exception_ptr seen;
    try {
        std::rethrow_exception(failed);
    } catch (const driver_error& e) {
        seen = e.as_seen();
    } catch (...) {
        return failed;
    }
    return seen ? seen : failed;
}

bool is_full(const std::exception_ptr& failed) noexcept {
    if (!failed) {
        return false;
    }
    try {
        std::rethrow_exception(failed);
    } catch (const driver_error& e) {
        return e.is_full();
    } catch (...) {
        return false;
    }
}

std::string text_of(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

}  // namespace kith::db
