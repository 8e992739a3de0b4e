// How messages are numbered
#pragma once
