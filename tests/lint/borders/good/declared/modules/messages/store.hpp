// Messages in the database
#pragma once
