// Changing the password.
import { useState } from "preact/hooks";
import { t } from "../../i18n/language";
import { me } from "../../store/state";
import { code_of } from "../../wire/error";
import { request } from "../../wire/http";
import { password_fault } from "../entry/account";
import { explain, points_at } from "../parts/errors";
import { Field, Submit } from "../parts/field";
import { use_form } from "../parts/form";
import { notify } from "../parts/toast";

export function Password() {
    const [old, set_old] = useState("");
    const [next, set_next] = useState("");
    const [again, set_again] = useState("");
    const form = use_form(
        () => old !== "" && !password_fault(next) && next === again,
        async () => {
            await request("put", "/api/v1/users/me/password", { body: { old, new: next } });
            set_old("");
            set_next("");
            set_again("");
            notify(t("password.done"));
        },
    );
    const new_bad = points_at(form.error, "new");
    const old_bad =
        !!form.error &&
        !new_bad &&
        (points_at(form.error, "old") || ["forbidden", "unauthenticated"].includes(code_of(form.error)));
    return (
        <form class="form panel" onSubmit={form.submit} noValidate>
            <p class="muted">{t("password.lead")}</p>
            <Whose />
            <Field
                label={t("password.old")}
                type="password"
                autocomplete="current-password"
                value={old}
                on_input={set_old}
                error={old_bad ? t("password.wrong") : form.tried && old === "" ? t("field.required") : null}
            />
            <Field
                label={t("password.new")}
                hint={t("field.password_hint")}
                type="password"
                autocomplete="new-password"
                value={next}
                on_input={set_next}
                error={
                    form.tried
                        ? (password_fault(next) ?? (new_bad ? t("field.password_common") : null))
                        : null
                }
            />
            <Field
                label={t("password.repeat")}
                type="password"
                autocomplete="new-password"
                value={again}
                on_input={set_again}
                error={form.tried && next !== again ? t("password.differ") : null}
            />
            {!!form.error && !old_bad && !new_bad && (
                <p class="form-error" role="alert">
                    {explain(form.error)}
                </p>
            )}
            <div class="actions">
                <Submit busy={form.busy}>{t("password.button")}</Submit>
            </div>
        </form>
    );
}

/** Tells password managers whose password is changed. */
function Whose() {
    return (
        <input
            class="unseen"
            type="text"
            name="username"
            autocomplete="username"
            value={me.value?.username}
            tabIndex={-1}
            aria-hidden="true"
            readOnly
        />
    );
}
