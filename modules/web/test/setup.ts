// What a browser has and Node does not.
import "fake-indexeddb/auto";
