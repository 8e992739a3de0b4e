// Groups in the database
#pragma once
