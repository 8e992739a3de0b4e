# Makes functions of 70 lines in each language
body() { for number in $(seq "$1"); do echo "    $2"; done; }
{
    echo '// C++ functions of 70 lines'
    echo 'namespace kith {'
    echo 'class holder {'
    echo 'public:'
    echo '    task<int> method(int a) const {'
    body 68 'call(1);'
    echo '    }'
    echo '};'
    echo 'static auto free_one(int a) -> int {'
    body 68 'if (a) { b({1}); }'
    echo '}'
    echo '}  // namespace kith'
    echo 'TEST_CASE("a long story") {'
    body 90 'CHECK(1);'
    echo '}'
} > a.cpp
{
    echo '"""Python functions of 70 lines"""'
    echo 'class Holder:'
    echo '  def method(self):'
    body 69 'call()'
} > b.py
{
    echo '// TypeScript functions of 70 lines'
    echo 'export function first(a: string): void {'
    body 68 'call(`${a}`);'
    echo '}'
    echo 'export const second = async (a: number) => {'
    body 68 'call("}");'
    echo '};'
    echo 'class Holder {'
    echo '    private async third<T>(a: T): Promise<T> {'
    body 68 'if (a) { call(/[{]/); }'
    echo '    }'
    echo '}'
    echo 'describe("a long story", () => {'
    body 90 'it("x", () => { expect(1); });'
    echo '});'
} > c.ts
{
    echo '# Shell functions of 70 lines'
    echo 'one() {'
    body 68 'true'
    echo '}'
} > d.sh
mkdir tests
{
    echo '"""A long test"""'
    echo 'def test_story():'
    body 90 'call()'
} > tests/e.py
