// The doors of people: operations
