-- Where the search index stands is told by its own file; a cursor that nobody moves would keep notes from being pruned.

DELETE FROM journal_readers WHERE name = 'search';
