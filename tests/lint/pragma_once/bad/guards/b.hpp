// A header that includes first
#include <vector>
#pragma once
