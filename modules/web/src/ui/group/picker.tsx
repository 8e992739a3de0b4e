// Choosing people by a few letters: a field, what it finds, and those who were chosen as chips.
import { Check, X } from "lucide";
import { useId, useRef, useState } from "preact/hooks";
import type { User } from "../../api/types";
import { t } from "../../i18n/language";
import { by_recency, conversations } from "../../store/state";
import { use_people, type Found } from "../list/finding";
import { use_choice } from "../list/search_keys";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";

export const picked_max = 200;
const suggested_max = 20;

/** Whom one writes with, before anything is typed. */
function familiar(): User[] {
    return [...conversations.value.values()]
        .filter((row) => row.kind === "direct" && row.last_seq > 0)
        .sort(by_recency)
        .flatMap((row) => row.peer ?? [])
        .slice(0, suggested_max);
}

interface Props {
    picked: readonly User[];
    on_change(picked: User[]): void;
    wrong?: string | null;
    focus?: boolean;
}

export function Picker({ picked, on_change, wrong, focus }: Props) {
    const [typed, type] = useState("");
    const id = useId();
    const field = useRef<HTMLInputElement>(null);
    const asked = use_people(typed);
    const offered = typed.trim() === "" ? familiar() : asked.people;
    const choice = use_choice(offered.length, id, typed);
    const has = (user: User) => picked.some((one) => one.id === user.id);
    const toggle = (user: User) => {
        if (has(user)) on_change(picked.filter((one) => one.id !== user.id));
        else if (picked.length < picked_max) on_change([...picked, user]);
        type("");
        field.current?.focus();
    };
    const pressed = (event: KeyboardEvent) => {
        if (event.key === "Backspace" && typed === "" && picked.length > 0 && !event.isComposing)
            on_change(picked.slice(0, -1));
        // The Enter of the field chooses; it never sends the form.
        if (event.key === "Enter") event.preventDefault();
        choice.pressed(event);
    };
    return (
        <div class={wrong ? "field wrong" : "field"}>
            <label for={`${id}-field`}>{t("group.people")}</label>
            <div class="field-box picker-box" onClick={() => field.current?.focus()}>
                {picked.length > 0 && <Chips picked={picked} drop={toggle} />}
                <input
                    id={`${id}-field`}
                    ref={field}
                    type="text"
                    role="combobox"
                    aria-expanded
                    aria-controls={id}
                    aria-activedescendant={offered.length > 0 ? `${id}-${choice.chosen}` : undefined}
                    aria-describedby={wrong ? `${id}-error` : undefined}
                    placeholder={t("find.placeholder")}
                    value={typed}
                    autocomplete="off"
                    spellcheck={false}
                    dir="auto"
                    data-picker
                    data-focus={focus || undefined}
                    onInput={(event) => type(event.currentTarget.value)}
                    onKeyDown={pressed}
                />
            </div>
            {wrong && (
                <p class="field-error" id={`${id}-error`}>
                    {wrong}
                </p>
            )}
            <Offered
                id={id}
                offered={offered}
                chosen={choice.chosen}
                has={has}
                toggle={toggle}
                none={none_text(typed, asked.state)}
            />
        </div>
    );
}

/** What is said when there is nobody to offer. */
function none_text(typed: string, state: Found["state"]): string {
    if (state === "asking") return "";
    return t(state === "failed" ? "find.failed" : typed.trim() === "" ? "find.hint" : "find.none");
}

function Offered(props: {
    id: string;
    offered: readonly User[];
    chosen: number;
    has(user: User): boolean;
    toggle(user: User): void;
    none: string;
}) {
    const { id, offered, has } = props;
    return (
        <div
            class="picker-results"
            id={id}
            role="listbox"
            aria-multiselectable="true"
            aria-label={t("find.people")}
        >
            {offered.map((user, at) => (
                <div
                    key={user.id}
                    id={`${id}-${at}`}
                    role="option"
                    aria-selected={has(user)}
                    class={props.chosen === at ? "result chosen" : "result"}
                    onClick={() => props.toggle(user)}
                >
                    <Avatar id={user.id} name={user.nickname} size={36} />
                    <span class="result-text">
                        <bdi class="strong-text">{user.nickname}</bdi>
                        <span class="muted small">@{user.username}</span>
                    </span>
                    {has(user) && (
                        <span class="result-mark">
                            <Icon node={Check} />
                        </span>
                    )}
                </div>
            ))}
            {offered.length === 0 && props.none && (
                <div role="option" aria-selected="false" aria-disabled="true" class="results-none">
                    {props.none}
                </div>
            )}
        </div>
    );
}

function Chips({ picked, drop }: { picked: readonly User[]; drop(user: User): void }) {
    return (
        <ul class="chips" aria-label={t("group.picked", { n: picked.length })}>
            {picked.map((user) => (
                <li key={user.id}>
                    <button
                        type="button"
                        class="chip"
                        onClick={(event) => (event.stopPropagation(), drop(user))}
                    >
                        <span class="unseen">{t("group.unpick", { name: user.nickname })}</span>
                        <Avatar id={user.id} name={user.nickname} size={20} />
                        <bdi aria-hidden="true">{user.nickname}</bdi>
                        <Icon node={X} size={14} />
                    </button>
                </li>
            ))}
        </ul>
    );
}
