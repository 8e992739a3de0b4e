// The rules of people
#pragma once
