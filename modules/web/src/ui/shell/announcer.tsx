// Reads out what comes in for those who do not see it, politely and one conversation at a time; and the tab's
// title.
import { effect } from "@preact/signals";
import type { Message } from "../../api/types";
import { arrived } from "../../client";
import { number, t } from "../../i18n/language";
import { conversations, phase, unread_total } from "../../store/state";
import { name_of } from "../chat/names";
import { route } from "../route";

const read_out_max = 200;

function speaker(message: Message): string {
    const row = conversations.value.get(message.conversation);
    return row ? name_of(message.sender, row) : "";
}

export function Announcer() {
    const now = route.value;
    const said = arrived.value.filter(
        (message) => now.at === "chat" && message.conversation === now.conversation && message.body,
    );
    // Each in an element of its own: the same words said twice are read twice.
    return (
        <div class="unseen" aria-live="polite" data-announcer>
            {said.map((message) => (
                <p key={`${message.conversation}/${message.seq}`}>
                    {t("chat.said", {
                        name: speaker(message),
                        text: message.body!.text.slice(0, read_out_max),
                    })}
                </p>
            ))}
        </div>
    );
}

export function start_title(): void {
    effect(() => {
        const now = route.value;
        const title = now.at === "chat" ? conversations.value.get(now.conversation)?.title : undefined;
        const unread = phase.value === "signed_in" ? unread_total.value : 0;
        document.title = `${unread > 0 ? `(${number(unread)}) ` : ""}${title ? `${title} · ` : ""}Kith`;
    });
}
