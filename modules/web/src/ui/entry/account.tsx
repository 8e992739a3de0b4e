// The fields of a new account, shared by set-up and registration, with what the server says about each.
import { t } from "../../i18n/language";
import { code_of } from "../../wire/error";
import { points_at } from "../parts/errors";
import { Field } from "../parts/field";

export interface Account {
    username: string;
    nickname: string;
    password: string;
}

export const no_account: Account = { username: "", nickname: "", password: "" };

const username_form = /^[\p{L}\p{N}_.-]{3,32}$/u;
const password_min = 10;
const nickname_max = 64;

export function username_fault(account: Account): string | null {
    return username_form.test(account.username.trim()) ? null : t("field.username_bad");
}

export function password_fault(password: string): string | null {
    return [...password].length >= password_min ? null : t("field.password_short");
}

export function nickname_fault(nickname: string): string | null {
    const length = [...nickname.trim()].length;
    return length >= 1 && length <= nickname_max ? null : t("field.nickname_bad");
}

export function account_ready(account: Account): boolean {
    return (
        !username_fault(account) &&
        !password_fault(account.password) &&
        (account.nickname.trim() === "" || !nickname_fault(account.nickname))
    );
}

/** What goes to the server: without a name of one's own the username stands for it. */
export function account_body(account: Account): { username: string; nickname?: string; password: string } {
    const nickname = account.nickname.trim();
    return {
        username: account.username.trim(),
        password: account.password,
        ...(nickname ? { nickname } : {}),
    };
}

function server_fault(error: unknown, field: keyof Account): string | null {
    if (field === "username" && code_of(error) === "conflict") return t("field.username_taken");
    if (!points_at(error, field)) return null;
    return {
        username: t("field.username_bad"),
        nickname: t("field.nickname_bad"),
        password: t("field.password_common"),
    }[field];
}

/** Whether the fields already show what is wrong. */
export function shown_at_fields(error: unknown): boolean {
    return (["username", "nickname", "password"] as const).some(
        (field) => server_fault(error, field) !== null,
    );
}

export function AccountFields({
    account,
    set,
    tried,
    error,
}: {
    account: Account;
    set(account: Account): void;
    tried: boolean;
    error: unknown;
}) {
    const fault = (field: keyof Account, own: string | null) =>
        tried ? (own ?? server_fault(error, field)) : null;
    return (
        <>
            <Field
                label={t("field.username")}
                hint={t("field.username_hint")}
                name="username"
                autocomplete="username"
                focus
                value={account.username}
                on_input={(username) => set({ ...account, username })}
                error={fault("username", username_fault(account))}
            />
            <Field
                label={t("field.nickname")}
                hint={t("field.nickname_hint")}
                name="nickname"
                autocomplete="nickname"
                value={account.nickname}
                on_input={(nickname) => set({ ...account, nickname })}
                error={fault(
                    "nickname",
                    account.nickname.trim() === "" ? null : nickname_fault(account.nickname),
                )}
            />
            <Field
                label={t("field.password")}
                hint={t("field.password_hint")}
                name="password"
                type="password"
                autocomplete="new-password"
                value={account.password}
                on_input={(password) => set({ ...account, password })}
                error={fault("password", password_fault(account.password))}
            />
        </>
    );
}
