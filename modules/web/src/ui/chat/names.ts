// What people are called where they are shown: senders, members, those who write.
import { t } from "../../i18n/language";
import { people } from "../../groups";
import type { Held } from "../../store/apply";
import { me, typing } from "../../store/state";

/** The name of someone in a conversation. Unknown ones are asked for; until then a word stands for them. */
export function name_of(user: string, row: Held): string {
    if (user === me.value?.id) return t("message.you");
    if (row.kind === "direct") return row.title;
    return people.of(user, row.id)?.nickname ?? t("person.unknown");
}

/** The same for the eye: nothing while the name is on its way, so that no word flickers in its place. */
export function shown_name(user: string, row: Held): string {
    const held = row.kind === "group" && user !== me.value?.id ? people.of(user, row.id) : null;
    if (held || row.kind === "direct" || user === me.value?.id) return name_of(user, row);
    return people.is_gone(user) ? t("person.unknown") : "";
}

/** Who is writing, in words; empty when nobody is. */
export function writing_text(row: Held, brief: boolean): string {
    const writers = [...(typing.value.get(row.id)?.keys() ?? [])];
    if (writers.length === 0) return "";
    if (row.kind === "direct") return t(brief ? "list.typing" : "chat.typing_short");
    const [first, second] = writers.map((user) => name_of(user, row));
    if (writers.length === 1) return t("chat.typing_one", { name: first! });
    if (writers.length === 2 && !brief) return t("chat.typing_two", { name: first!, other: second! });
    return t("chat.typing_many", { n: writers.length });
}
