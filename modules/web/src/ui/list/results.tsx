// Conversations and people that a search found, as options of its list.
import type { User } from "../../api/types";
import { open_direct } from "../../client";
import { t } from "../../i18n/language";
import type { Held } from "../../store/apply";
import { presence_of } from "../../store/state";
import { Avatar } from "../parts/avatar";
import { explain } from "../parts/errors";
import { notify } from "../parts/toast";
import { go } from "../route";
import type { Found } from "./finding";

export async function open_person(user: string): Promise<void> {
    try {
        go({ at: "chat", conversation: await open_direct(user) });
    } catch (error) {
        notify(explain(error));
    }
}

export function Results({
    found,
    chosen,
    id,
    on_open,
}: {
    found: Found;
    chosen?: number;
    id: string;
    on_open(): void;
}) {
    const open_chat = (row: Held) => (on_open(), go({ at: "chat", conversation: row.id }));
    const open_user = (user: User) => (on_open(), void open_person(user.id));
    return (
        <>
            {found.chats.length > 0 && (
                <div role="group" aria-label={t("find.chats")}>
                    <p class="results-head" aria-hidden="true">
                        {t("find.chats")}
                    </p>
                    {found.chats.map((row, at) => (
                        <Result
                            key={row.id}
                            id={`${id}-${at}`}
                            avatar={row.peer?.id ?? row.id}
                            group={row.kind === "group"}
                            name={row.title}
                            about={row.peer ? `@${row.peer.username}` : t("group.word")}
                            presence={presence_of(row)}
                            chosen={chosen === at}
                            act={() => open_chat(row)}
                        />
                    ))}
                </div>
            )}
            {found.people.length > 0 && (
                <div role="group" aria-label={t("find.people")}>
                    <p class="results-head" aria-hidden="true">
                        {t("find.people")}
                    </p>
                    {found.people.map((user, at) => (
                        <Result
                            key={user.id}
                            id={`${id}-${at + found.chats.length}`}
                            avatar={user.id}
                            name={user.nickname}
                            about={`@${user.username}`}
                            presence={user.presence}
                            chosen={chosen === at + found.chats.length}
                            act={() => open_user(user)}
                        />
                    ))}
                </div>
            )}
        </>
    );
}

function Result(props: {
    id: string;
    avatar: string;
    group?: boolean;
    name: string;
    about: string;
    presence?: "online" | "offline" | null;
    chosen: boolean;
    act(): void;
}) {
    return (
        <div
            id={props.id}
            role="option"
            aria-selected={props.chosen}
            class={props.chosen ? "result chosen" : "result"}
            onClick={props.act}
        >
            <Avatar id={props.avatar} name={props.name} size={36} group={props.group} presence={props.presence} />
            <span class="result-text">
                <bdi class="strong-text">{props.name}</bdi>
                <span class="muted small">{props.about}</span>
            </span>
        </div>
    );
}
