// A client that applies events holds what a fresh snapshot holds: live, and resumed from any point.
import { describe, expect, it } from "vitest";
import type { Conversation, Message } from "../src/api/types";
import { apply, apply_message, supersedes, Touched, type Held, type View } from "../src/store/apply";
import type { Durable } from "../src/wire/frames";
import { conversation, dice, message, user } from "./make";

const me = "1";
const peers = ["2", "3"];

/** A small server: two direct conversations, its journal, and a snapshot for the viewer. */
class Model {
    pos = 0;
    journal: { pos: number; type: Durable["type"]; thing: string; seq?: number; who?: string }[] = [];
    rows = new Map<
        string,
        {
            messages: Message[];
            read: Record<string, number>;
            delivered: Record<string, number>;
            settings: Conversation["settings"];
            nickname: string;
        }
    >();

    constructor() {
        for (const peer of peers) {
            this.rows.set(`c${peer}`, {
                messages: [],
                read: { [me]: 0, [peer]: 0 },
                delivered: { [me]: 0, [peer]: 0 },
                settings: conversation("", peer).settings,
                nickname: `user ${peer}`,
            });
        }
    }

    note(type: Durable["type"], thing: string, more: { seq?: number; who?: string } = {}): void {
        this.journal.push({ pos: ++this.pos, type, thing, ...more });
    }

    send(id: string, sender: string): void {
        const row = this.rows.get(id)!;
        const seq = row.messages.length + 1;
        row.messages.push(message(id, seq, sender, { pos: this.pos + 1 }));
        row.settings = { ...row.settings, hidden: false };
        this.note("message.created", id, { seq });
    }

    recall(id: string, seq: number): void {
        const held = this.rows.get(id)!.messages[seq - 1]!;
        this.rows.get(id)!.messages[seq - 1] = {
            ...held,
            pos: this.pos + 1,
            body: null,
            recalled_at: "2026-01-03T00:00:00.000Z",
            recalled_by: held.sender,
        };
        this.note("message.recalled", id, { seq });
    }

    mark(id: string, who: string, kind: "read" | "delivered", seq: number): void {
        const row = this.rows.get(id)!;
        if (seq <= row[kind][who]!) return;
        row[kind][who] = seq;
        if (kind === "read") row.delivered[who] = Math.max(row.delivered[who]!, seq);
        this.note(`conversation.${kind}`, id, { who });
    }

    settings(id: string, change: Partial<Conversation["settings"]>): void {
        const row = this.rows.get(id)!;
        row.settings = { ...row.settings, ...change };
        this.note("conversation.settings", id);
    }

    conversation(id: string): Conversation {
        const row = this.rows.get(id)!;
        const peer = id.slice(1);
        return conversation(id, peer, {
            title: row.nickname,
            peer: user(peer, row.nickname),
            last_seq: row.messages.length,
            last_message: row.messages.at(-1) ?? null,
            read_seq: row.read[me]!,
            delivered_seq: row.delivered[me]!,
            peer_read_seq: row.read[peer]!,
            peer_delivered_seq: row.delivered[peer]!,
            unread: this.unread(id),
            settings: row.settings,
        });
    }

    unread(id: string): number {
        const row = this.rows.get(id)!;
        return row.messages.filter((one) => one.seq > row.read[me]! && one.sender !== me).length;
    }

    render(note: (typeof this.journal)[number]): Durable {
        const data = () => {
            const row = this.rows.get(note.thing)!;
            if (note.type.startsWith("message.")) return row.messages[note.seq! - 1];
            if (note.type === "conversation.settings") return this.conversation(note.thing);
            const kind = note.type === "conversation.read" ? "read" : "delivered";
            const seq = row[kind][note.who!]!;
            return {
                conversation: note.thing,
                user: note.who!,
                seq,
                ...(note.who === me && kind === "read" ? { unread: this.unread(note.thing) } : {}),
            };
        };
        return structuredClone({ type: note.type, pos: note.pos, data: data() }) as Durable;
    }

    /** What a resume gives: of each thing the newest note, as it is now. */
    since(pos: number): Durable[] {
        const newest = new Map<string, (typeof this.journal)[number]>();
        for (const note of this.journal) {
            const thing = note.type.startsWith("message.")
                ? `m${note.thing}/${note.seq}`
                : `${note.type}${note.thing}/${note.who ?? ""}`;
            if (note.pos > pos) newest.set(thing, note);
        }
        return [...newest.values()].sort((a, b) => a.pos - b.pos).map((note) => this.render(note));
    }

    snapshot(): View {
        return {
            me: user(me),
            conversations: new Map([...this.rows.keys()].map((id) => [id, this.conversation(id)])),
        };
    }

    /** One thing that people do. */
    step(roll: (sides: number) => number): void {
        const peer = peers[roll(2)]!;
        const id = `c${peer}`;
        const count = this.rows.get(id)!.messages.length;
        const who = roll(2) ? me : peer;
        const what = roll(10);
        if (what < 5 || count === 0) this.send(id, who);
        else if (what < 6) this.recall(id, 1 + roll(count));
        else if (what < 8) this.mark(id, who, "read", 1 + roll(count));
        else if (what < 9) this.mark(id, who, "delivered", 1 + roll(count));
        else this.settings(id, { pinned: roll(2) === 1, hidden: roll(3) === 0 });
    }
}

function bare(view: View): Record<string, Held> {
    return Object.fromEntries(
        [...view.conversations].map(([id, row]) => {
            const { holes, fresh, counted_seq, doubt, ...rest } = row;
            expect(holes ?? []).toEqual([]);
            expect((fresh ?? []).length).toBeLessThanOrEqual(row.unread);
            return [id, rest as Held];
        }),
    );
}

describe("apply", () => {
    it("live: every event as it happens gives what a snapshot gives", () => {
        for (let seed = 1; seed <= 60; seed++) {
            const model = new Model();
            const roll = dice(seed);
            const view = model.snapshot();
            for (let step = 0; step < 80; step++) {
                const before = model.pos;
                model.step(roll);
                for (const note of model.journal.filter((one) => one.pos > before))
                    apply(view, model.render(note), new Touched());
            }
            expect(bare(view), `seed ${seed}`).toEqual(bare(model.snapshot()));
        }
    });

    it("resumed: what came since any position, each thing once and as it is now, gives the same", () => {
        let doubts = 0;
        for (let seed = 1; seed <= 60; seed++) {
            const model = new Model();
            const roll = dice(seed * 977);
            for (let step = 0; step < 20; step++) model.step(roll);
            const from = model.pos;
            const view = structuredClone(model.snapshot());
            for (let step = 0; step < 60; step++) model.step(roll);
            for (const event of model.since(from)) apply(view, event, new Touched());
            // Where the count is in doubt the client asks; the answer speaks of the same last message.
            for (const row of view.conversations.values()) {
                if (row.doubt) doubts++;
                if (row.doubt) view.conversations.set(row.id, { ...row, unread: model.unread(row.id) });
            }
            expect(bare(view), `seed ${seed}`).toEqual(bare(model.snapshot()));
        }
        expect(doubts).toBeLessThan(60);
    });

    it("the model catches an apply that forgets something", () => {
        const model = new Model();
        const view = model.snapshot();
        model.send("c2", "2");
        expect(bare(view)).not.toEqual(bare(model.snapshot()));
    });

    it("the same event twice changes nothing", () => {
        const view: View = { me: user(me), conversations: new Map([["c2", conversation("c2", "2")]]) };
        const event: Durable = { type: "message.created", pos: 1, data: message("c2", 1, "2") };
        apply(view, event, new Touched());
        const once = view.conversations.get("c2");
        apply(view, event, new Touched());
        expect(view.conversations.get("c2")).toEqual(once);
        expect(once?.unread).toBe(1);
    });

    it("notices a hole in the numbers and closes it, counting what was in it", () => {
        const view: View = { me: user(me), conversations: new Map([["c2", conversation("c2", "2")]]) };
        apply_message(view, message("c2", 4, me), new Touched());
        expect(view.conversations.get("c2")).toMatchObject({ last_seq: 4, unread: 0, holes: [1, 2, 3] });
        for (const seq of [2, 1, 3]) apply_message(view, message("c2", seq, "2"), new Touched());
        expect(view.conversations.get("c2")).toMatchObject({ last_seq: 4, unread: 3, holes: [] });
    });

    it("another first_seq than held drops the rows of that conversation", () => {
        const view: View = {
            me: user(me),
            conversations: new Map([["c2", conversation("c2", "2", { last_seq: 9 })]]),
        };
        const touched = new Touched();
        apply(
            view,
            { type: "conversation.settings", data: conversation("c2", "2", { first_seq: 7, last_seq: 9 }) },
            touched,
        );
        expect([...touched.dropped]).toEqual(["c2"]);
        const after = new Touched();
        apply_message(view, message("c2", 5, "2"), after);
        expect(after.messages).toEqual([]);
    });

    it("asks for a conversation that it does not hold", () => {
        const view: View = { me: user(me), conversations: new Map() };
        const touched = new Touched();
        apply(view, { type: "message.created", data: message("c9", 1, "9") }, touched);
        expect([...touched.unknown]).toEqual(["c9"]);
    });

    it("marks never move back", () => {
        const view: View = {
            me: user(me),
            conversations: new Map([
                ["c2", conversation("c2", "2", { last_seq: 9, read_seq: 6, unread: 2, peer_read_seq: 5 })],
            ]),
        };
        apply(
            view,
            { type: "conversation.read", data: { conversation: "c2", user: me, seq: 4, unread: 5 } },
            new Touched(),
        );
        apply(
            view,
            { type: "conversation.read", data: { conversation: "c2", user: "2", seq: 3 } },
            new Touched(),
        );
        expect(view.conversations.get("c2")).toMatchObject({ read_seq: 6, unread: 2, peer_read_seq: 5 });
    });
});

describe("supersedes", () => {
    it("a recalled message is not brought back by an older row of the same position", () => {
        const recalled = message("c2", 1, "2", { body: null, recalled_at: "2026-01-03T00:00:00.000Z" });
        expect(supersedes(message("c2", 1, "2"), recalled)).toBe(false);
        expect(supersedes(recalled, message("c2", 1, "2"))).toBe(true);
    });
    it("the higher position wins", () => {
        expect(supersedes(message("c2", 1, "2", { pos: 5 }), message("c2", 1, "2", { pos: 9 }))).toBe(false);
    });
});
