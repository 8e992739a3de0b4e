// Loads a place when it is first opened, with a quiet stand-in that appears only when it takes long.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../../i18n/language";

export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>) {
    let ready: ComponentType<P> | null = null;
    return function Lazy(props: P) {
        const [, draw] = useState(0);
        const [failed, fail] = useState(false);
        const fetch = () => {
            fail(false);
            load().then(
                (module) => {
                    ready = module.default;
                    draw((count) => count + 1);
                },
                () => fail(true),
            );
        };
        useEffect(() => void (ready || fetch()), []);
        if (ready) {
            const Ready = ready;
            return <Ready {...props} />;
        }
        if (!failed)
            return (
                <div class="late" aria-busy="true">
                    <span class="unseen">{t("common.loading")}</span>
                </div>
            );
        return (
            <div class="note" role="alert">
                <p>{t("error.network")}</p>
                <button type="button" class="plain" onClick={fetch}>
                    {t("common.retry")}
                </button>
            </div>
        );
    };
}
