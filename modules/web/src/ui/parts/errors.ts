// What went wrong, in the words of the language.
import { en } from "../../i18n/en";
import { t, type Key } from "../../i18n/language";
import { code_of, RequestError } from "../../wire/error";

type Plain = { [K in Key]: K extends `error.${string}` ? K : never }[Key];

export function explain(error: unknown): string {
    const key = `error.${code_of(error)}`;
    const text = t((key in en ? key : "error.internal") as Plain);
    const wait = error instanceof RequestError ? error.retry_after_ms : null;
    return wait ? `${text} ${t("common.wait", { n: Math.ceil(wait / 1000) })}` : text;
}

/** Whether the error points at this field of the request. */
export function points_at(error: unknown, field: string): boolean {
    return (
        error instanceof RequestError &&
        error.fields.some((one) => one.pointer === `/${field}` || one.pointer === field)
    );
}
