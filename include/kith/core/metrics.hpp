// Metrics in the Prometheus text format (prometheus-cpp core), behind a face without third-party headers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith {

/// Handles live as long as their registry and may be used from any thread.
class counter {
public:
    virtual ~counter() = default;
    virtual void add(double amount = 1) noexcept = 0;
};
class gauge {
public:
    virtual ~gauge() = default;
    virtual void set(double value) noexcept = 0;
    virtual void add(double amount) noexcept = 0;
};
class histogram {
public:
    virtual ~histogram() = default;
    virtual void observe(double value) noexcept = 0;
};

using metric_labels = std::vector<std::pair<std::string, std::string>>;

class metrics {
public:
    virtual ~metrics() = default;
    /// Names follow Prometheus' conventions: `kith_` prefix, base units, `_total` for counters. The same name and labels
    /// give the same handle. Label values come from fixed sets, never from clients.
    virtual counter& make_counter(const std::string& name, const std::string& help,
                                  const metric_labels& labels = {}) = 0;
    virtual gauge& make_gauge(const std::string& name, const std::string& help,
                              const metric_labels& labels = {}) = 0;
    virtual histogram& make_histogram(const std::string& name, const std::string& help,
                                      std::vector<double> bounds, const metric_labels& labels = {}) = 0;
    /// The exposition text for /metrics.
    [[nodiscard]] virtual std::string text() const = 0;
};

[[nodiscard]] std::unique_ptr<metrics> make_metrics();

}  // namespace kith
