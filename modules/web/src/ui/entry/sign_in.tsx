// Signing in by name and password.
import { useState } from "preact/hooks";
import { device, enter } from "../../client";
import { t } from "../../i18n/language";
import { ended_elsewhere, server } from "../../store/state";
import { code_of } from "../../wire/error";
import { request } from "../../wire/http";
import { explain } from "../parts/errors";
import { Field, Submit } from "../parts/field";
import { use_form } from "../parts/form";
import { go } from "../route";
import { Card } from "./card";

export function SignIn() {
    const [username, set_username] = useState("");
    const [password, set_password] = useState("");
    const form = use_form(
        () => username.trim() !== "" && password !== "",
        async () =>
            enter(
                await request("post", "/api/v1/sessions", {
                    anonymous: true,
                    body: { username: username.trim(), password, device: device() },
                }),
            ),
    );
    const missing = (value: string) => (form.tried && value.trim() === "" ? t("field.required") : null);
    const about = server.value;
    return (
        <Card
            title={t("sign_in.title")}
            lead={about && about.name !== "Kith" ? t("sign_in.on", { server: about.name }) : t("app.tagline")}
        >
            {ended_elsewhere.value && (
                <p class="note" role="status">
                    {t("sign_in.ended")}
                </p>
            )}
            {about?.setup_required && (
                <p class="note" role="status">
                    {t("sign_in.not_set_up")}
                </p>
            )}
            <form class="form" onSubmit={form.submit} noValidate>
                <Field
                    label={t("field.username")}
                    name="username"
                    autocomplete="username"
                    focus
                    value={username}
                    on_input={set_username}
                    error={missing(username)}
                />
                <Field
                    label={t("field.password")}
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    value={password}
                    on_input={set_password}
                    error={missing(password)}
                />
                {!!form.error && (
                    <p class="form-error" role="alert">
                        {code_of(form.error) === "unauthenticated" ? t("sign_in.wrong") : explain(form.error)}
                    </p>
                )}
                <Submit busy={form.busy}>{t("sign_in.button")}</Submit>
            </form>
            {about?.registration === "open" ? (
                <button type="button" class="link" onClick={() => go({ at: "register" })}>
                    {t("sign_in.create")}
                </button>
            ) : about?.registration === "invite" && !about.setup_required ? (
                <p class="muted small">{t("sign_in.invite_hint")}</p>
            ) : null}
        </Card>
    );
}
