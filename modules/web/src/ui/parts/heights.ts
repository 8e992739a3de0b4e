// The arithmetic of a virtual list: heights known or guessed, where each row stands, which rows a window
// shows. No DOM.

export interface Span {
    first: number;
    /** One past the last. */
    end: number;
}

export class Heights {
    #keys: readonly string[] = [];
    #index = new Map<string, number>();
    #guess: (at: number) => number = () => 0;
    readonly #known = new Map<string, number>();
    #tops = new Float64Array(1);
    #dirty = true;

    /** Takes the rows as they are now. Heights that were measured stay with their keys. */
    update(keys: readonly string[], guess: (at: number) => number): void {
        this.#keys = keys;
        this.#guess = guess;
        this.#index = new Map(keys.map((key, at) => [key, at]));
        this.#dirty = true;
        if (this.#known.size > 4 * keys.length + 1_000)
            for (const key of this.#known.keys()) if (!this.#index.has(key)) this.#known.delete(key);
    }

    get count(): number {
        return this.#keys.length;
    }

    /** Says whether it was another height than was reckoned with. */
    measure(key: string, height: number): boolean {
        const at = this.#index.get(key);
        const before = this.#known.get(key) ?? (at === undefined ? undefined : this.#guess(at));
        this.#known.set(key, height);
        const changed = before === undefined || Math.abs(before - height) > 0.25;
        if (changed) this.#dirty = true;
        return changed;
    }

    /** The width has changed: what was measured is worth nothing. */
    forget(): void {
        this.#known.clear();
        this.#dirty = true;
    }

    index_of(key: string): number {
        return this.#index.get(key) ?? -1;
    }

    top(at: number): number {
        this.#sum();
        return this.#tops[Math.max(0, Math.min(at, this.count))]!;
    }

    get total(): number {
        return this.top(this.count);
    }

    /** The row that covers the height `y`; the nearest one beyond the ends. */
    at(y: number): number {
        this.#sum();
        let low = 0;
        let high = Math.max(0, this.count - 1);
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.#tops[middle]! <= y) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /** The rows between two heights, with `spare` more above and below. */
    span(top: number, bottom: number, spare: number): Span {
        if (this.count === 0) return { first: 0, end: 0 };
        return { first: this.at(top - spare), end: this.at(bottom + spare) + 1 };
    }

    #sum(): void {
        if (!this.#dirty) return;
        this.#dirty = false;
        if (this.#tops.length < this.count + 1)
            this.#tops = new Float64Array(Math.max(this.count + 1, this.#tops.length * 2));
        let sum = 0;
        for (let at = 0; at < this.count; at++) {
            this.#tops[at] = sum;
            sum += this.#known.get(this.#keys[at]!) ?? this.#guess(at);
        }
        this.#tops[this.count] = sum;
    }
}
