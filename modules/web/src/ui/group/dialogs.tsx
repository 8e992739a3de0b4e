// The dialogs about groups: making one, adding people, giving it another name.
import { useRef, useState } from "preact/hooks";
import type { User } from "../../api/types";
import { uuidv7 } from "../../base/uuid";
import { create_group, invite_to_group, rename_group } from "../../groups";
import { t } from "../../i18n/language";
import { conversations } from "../../store/state";
import { RequestError } from "../../wire/error";
import { Dialog } from "../parts/dialog";
import { explain, points_at } from "../parts/errors";
import { Field, Submit } from "../parts/field";
import { use_form } from "../parts/form";
import { notify } from "../parts/toast";
import { go } from "../route";
import { Picker } from "./picker";
import { close_group_dialog, group_dialog } from "./state";

const name_code_points_max = 64;

export default function GroupDialogs() {
    const open = group_dialog.value;
    if (open?.kind === "create") return <Create />;
    if (open?.kind === "add") return <Add key={open.group} group={open.group} />;
    if (open?.kind === "rename") return <Rename key={open.group} group={open.group} />;
    return null;
}

function name_is_good(name: string): boolean {
    const length = [...name.trim()].length;
    return length >= 1 && length <= name_code_points_max;
}

function name_error(name: string, form: { tried: boolean; error: unknown }): string | null {
    if (form.tried && !name_is_good(name)) return t("field.nickname_bad");
    return points_at(form.error, "name") ? t("group.name_bad") : null;
}

/** Whom the server would not add, by the place in the list that it points at. */
function refused(error: unknown, picked: readonly User[], field: string): string | null {
    if (!(error instanceof RequestError)) return null;
    for (const { pointer } of error.fields) {
        const at = new RegExp(`^/${field}/(\\d+)$`).exec(pointer)?.[1];
        if (at !== undefined) return t("group.refused", { name: picked[Number(at)]?.nickname ?? "" });
    }
    return null;
}

/** The group holds no more people, or one of them can be in no more groups: that one points at the people. */
function no_room(error: unknown): string | null {
    if (!(error instanceof RequestError) || error.code !== "conflict") return null;
    return t(error.fields.length > 0 ? "group.crowded" : "group.full");
}

function Create() {
    const [name, set_name] = useState("");
    const [picked, pick] = useState<User[]>([]);
    const asked = useRef({ body: "", key: "" });
    const form = use_form(
        () => name_is_good(name),
        async () => {
            const ids = picked.map((user) => user.id);
            // Another wish than the one before gets a key of its own; the same one again does not.
            const body = JSON.stringify([name.trim(), ids]);
            if (asked.current.body !== body) asked.current = { body, key: uuidv7() };
            const conversation = await create_group(name.trim(), ids, asked.current.key);
            close_group_dialog();
            go({ at: "chat", conversation });
        },
    );
    const wrong_person = refused(form.error, picked, "members");
    const wrong_name = name_error(name, form);
    const on_enter = (event: KeyboardEvent) => {
        // The name alone is seldom all: the first Enter leads on to the people.
        const target = event.target as HTMLElement;
        if (event.key !== "Enter" || event.isComposing || target.getAttribute("name") !== "name") return;
        if (picked.length > 0) return;
        event.preventDefault();
        document.querySelector<HTMLElement>("[data-picker]")?.focus();
    };
    return (
        <Dialog title={t("group.new")} on_close={close_group_dialog}>
            <form class="form" onSubmit={form.submit} onKeyDown={on_enter}>
                <Field
                    label={t("group.name")}
                    name="name"
                    value={name}
                    on_input={set_name}
                    error={wrong_name}
                    focus
                />
                <Picker picked={picked} on_change={pick} wrong={wrong_person} />
                {form.error !== null && !wrong_person && !wrong_name && (
                    <p class="form-error" role="alert">
                        {no_room(form.error) ?? explain(form.error)}
                    </p>
                )}
                <div class="actions">
                    <button type="button" class="plain" onClick={close_group_dialog}>
                        {t("common.cancel")}
                    </button>
                    <Submit busy={form.busy}>{t("group.create")}</Submit>
                </div>
            </form>
        </Dialog>
    );
}

function Add({ group }: { group: string }) {
    const [picked, pick] = useState<User[]>([]);
    const form = use_form(
        () => picked.length > 0,
        async () => {
            const added = await invite_to_group(
                group,
                picked.map((user) => user.id),
            );
            close_group_dialog();
            notify(added.length === 0 ? t("group.added_none") : t("group.added", { n: added.length }));
        },
    );
    const title = conversations.value.get(group)?.title ?? "";
    const wrong = refused(form.error, picked, "users") ?? (form.tried && picked.length === 0 ? t("group.pick_one") : null);
    return (
        <Dialog title={t("group.add_to", { name: title })} on_close={close_group_dialog}>
            <form class="form" onSubmit={form.submit}>
                <Picker picked={picked} on_change={pick} wrong={wrong} focus />
                <p class="field-hint">{t("group.add_hint")}</p>
                {form.error !== null && !wrong && (
                    <p class="form-error" role="alert">
                        {no_room(form.error) ?? explain(form.error)}
                    </p>
                )}
                <div class="actions">
                    <button type="button" class="plain" onClick={close_group_dialog}>
                        {t("common.cancel")}
                    </button>
                    <Submit busy={form.busy}>{t("group.add")}</Submit>
                </div>
            </form>
        </Dialog>
    );
}

function Rename({ group }: { group: string }) {
    const [name, set_name] = useState(() => conversations.value.get(group)?.title ?? "");
    const form = use_form(
        () => name_is_good(name),
        async () => {
            await rename_group(group, name.trim());
            close_group_dialog();
        },
    );
    const wrong = name_error(name, form);
    return (
        <Dialog title={t("group.rename")} on_close={close_group_dialog}>
            <form class="form" onSubmit={form.submit}>
                <Field
                    label={t("group.name")}
                    name="name"
                    value={name}
                    on_input={set_name}
                    error={wrong}
                    focus
                />
                {form.error !== null && !wrong && (
                    <p class="form-error" role="alert">
                        {explain(form.error)}
                    </p>
                )}
                <div class="actions">
                    <button type="button" class="plain" onClick={close_group_dialog}>
                        {t("common.cancel")}
                    </button>
                    <Submit busy={form.busy}>{t("common.save")}</Submit>
                </div>
            </form>
        </Dialog>
    );
}
