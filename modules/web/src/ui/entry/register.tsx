// A new account: by invite, or freely where the server allows it.
import { useState } from "preact/hooks";
import { device, enter } from "../../client";
import { t } from "../../i18n/language";
import { me, server } from "../../store/state";
import { code_of } from "../../wire/error";
import { request } from "../../wire/http";
import { explain, points_at } from "../parts/errors";
import { Field, Submit } from "../parts/field";
import { use_form } from "../parts/form";
import { forget_secrets, go, secret } from "../route";
import { account_body, account_ready, AccountFields, no_account, shown_at_fields } from "./account";
import { Card } from "./card";

export function Register({ invited }: { invited: boolean }) {
    const [account, set_account] = useState(no_account);
    const [code, set_code] = useState(secret("code"));
    const ask_code = invited && secret("code") === "";
    const form = use_form(
        () => account_ready(account) && (!invited || code.trim() !== ""),
        async () => {
            const invite = code.trim() ? { invite: code.trim() } : {};
            const session = await request("post", "/api/v1/accounts", {
                anonymous: true,
                body: { ...account_body(account), ...invite, device: device() },
            });
            forget_secrets();
            go({ at: "home" }, "replace");
            await enter(session);
        },
    );
    if (server.value?.registration === "closed") return <Closed />;
    const refused = code_of(form.error);
    const invite_bad =
        !!form.error &&
        (points_at(form.error, "invite") || ["forbidden", "not_found", "gone"].includes(refused));
    return (
        <Card
            title={t("register.title")}
            lead={t(invited ? "register.invited" : "app.tagline", {
                server: server.value?.name ?? location.host,
            })}
        >
            <form class="form" onSubmit={form.submit} noValidate>
                {ask_code && (
                    <Field
                        label={t("field.invite")}
                        value={code}
                        on_input={set_code}
                        error={form.tried && code.trim() === "" ? t("field.required") : null}
                    />
                )}
                <AccountFields account={account} set={set_account} tried={form.tried} error={form.error} />
                {!!form.error && !shown_at_fields(form.error) && (
                    <p class="form-error" role="alert">
                        {invite_bad ? t("register.invite_bad") : explain(form.error)}
                    </p>
                )}
                <Submit busy={form.busy}>{t("register.button")}</Submit>
            </form>
            <button type="button" class="link" onClick={() => go({ at: "home" })}>
                {t("register.have_account")}
            </button>
        </Card>
    );
}

function Closed() {
    return (
        <Card title={t("register.title")} lead={t("register.closed")}>
            <button type="button" class="strong" onClick={() => go({ at: "home" })}>
                {t("sign_in.button")}
            </button>
        </Card>
    );
}

/** Someone who is signed in opened an invite. */
export function AlreadyIn() {
    return (
        <Card title={t("register.title")} lead={t("register.signed_in", { name: me.value?.nickname ?? "" })}>
            <button type="button" class="strong" onClick={() => go({ at: "home" }, "replace")}>
                {t("setup.open")}
            </button>
        </Card>
    );
}
