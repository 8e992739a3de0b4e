// Metrics by prometheus-cpp's core; its own HTTP server is not used.
#include <kith/core/metrics.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <deque>
#include <map>
#include <mutex>

namespace kith {

namespace {

class prometheus_counter final : public counter {
public:
    explicit prometheus_counter(prometheus::Counter& of) : of_(of) {}
    void add(double amount) noexcept override { of_.Increment(amount); }

private:
    prometheus::Counter& of_;
};

class prometheus_gauge final : public gauge {
public:
    explicit prometheus_gauge(prometheus::Gauge& of) : of_(of) {}
    void set(double value) noexcept override { of_.Set(value); }
    void add(double amount) noexcept override { of_.Increment(amount); }

private:
    prometheus::Gauge& of_;
};

class prometheus_histogram final : public histogram {
public:
    explicit prometheus_histogram(prometheus::Histogram& of) : of_(of) {}
    void observe(double value) noexcept override { of_.Observe(value); }

private:
    prometheus::Histogram& of_;
};

class prometheus_metrics final : public metrics {
public:
    counter& make_counter(const std::string& name, const std::string& help,
                          const metric_labels& labels) override {
        const std::scoped_lock lock(mutex_);
        auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
        return counters_.emplace_back(family.Add(to_map(labels)));
    }
    gauge& make_gauge(const std::string& name, const std::string& help,
                      const metric_labels& labels) override {
        const std::scoped_lock lock(mutex_);
        auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
        return gauges_.emplace_back(family.Add(to_map(labels)));
    }
    histogram& make_histogram(const std::string& name, const std::string& help, std::vector<double> bounds,
                              const metric_labels& labels) override {
        const std::scoped_lock lock(mutex_);
        auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
        return histograms_.emplace_back(family.Add(to_map(labels), bounds));
    }
    std::string text() const override { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

private:
    static std::map<std::string, std::string> to_map(const metric_labels& labels) {
        return {labels.begin(), labels.end()};
    }

    std::mutex mutex_;
    prometheus::Registry registry_;
    std::deque<prometheus_counter> counters_;  // a deque: handles keep their addresses
    std::deque<prometheus_gauge> gauges_;
    std::deque<prometheus_histogram> histograms_;
};

}  // namespace

std::unique_ptr<metrics> make_metrics() {
    return std::make_unique<prometheus_metrics>();
}

}  // namespace kith
