using FsCheck;
using FsCheck.Fluent;
using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Tests.Versions;

public sealed class VersionOrderTests
{
    // What orders read, so that generated strings meet in long common beginnings
    private static readonly string[] s_parts =
    [
        "", "0", "00", "1", "01", "10", "2", "9", "99999999999999999999", ".", "-", "_", "~", "^", "+", ":", "!", "a", "b", "A", "alpha", "beta", "rc", "RC", "cr",
        "m", "p", "pre", "dev", "post", "sp", "ga", "final", "snapshot", "r", "-r", "-r1", "_p", "_rc", "_git", "v", "x", "go", "incompatible", " ", "é", "\ud800",
    ];

    private static readonly Gen<string> s_version =
        from parts in Gen.Choose(0, 7).SelectMany(static n => Gen.ArrayOf(Gen.Elements(s_parts), n))
        select string.Concat(parts);

    public static TheoryData<PackageType> Types => [.. Enum.GetValues<PackageType>()];

    [Theory]
    [MemberData(nameof(Types))]
    public void Any_three_strings_are_in_order(PackageType type)
    {
        var order = VersionOrder.Of(type);
        var three = s_version.Three().ToArbitrary();

        Prop.ForAll(three, t =>
        {
            var (a, b, c) = t;
            var (ab, bc, ac) = (Math.Sign(order.Compare(a, b)), Math.Sign(order.Compare(b, c)), Math.Sign(order.Compare(a, c)));
            return order.Compare(a, a) == 0
                && ab == -Math.Sign(order.Compare(b, a))
                && (ab > 0 || bc > 0 || ac <= 0)
                && (ab < 0 || bc < 0 || ac >= 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(10_000).WithQuietOnSuccess(true));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Long_strings_take_linear_time(PackageType type)
    {
        var order = VersionOrder.Of(type);
        const int Length = 1 << 20;

        foreach (var unit in new[] { "0", "9", ".", ".0", "-", "~", "a", "a1", ".a1-", "_rc", "+", "é", "-a1", "-a.1" })
        {
            var version = "1" + string.Concat(Enumerable.Repeat(unit, Length / unit.Length));
            var began = ProcessorTime.OfThread;
            Assert.Equal(0, order.Compare(version, string.Concat(version)));
            order.Compare(version + "7", version + "8~");
            var took = ProcessorTime.OfThread - began;
            Assert.True(took < TimeSpan.FromSeconds(2), $"{unit}: {took}");
        }
    }

    [Theory]
    [InlineData(PackageType.Go, "go1.21.3", "1.21.3", 0)]
    [InlineData(PackageType.Go, "1.21rc2", "1.21.0-rc.2", 0)]
    [InlineData(PackageType.Go, "1.21rc2", "1.21.0-0", 1)]
    [InlineData(PackageType.Go, "go1.21.3 X:boringcrypto", "1.21.3", 0)]
    [InlineData(PackageType.Go, "2.7.0+incompatible", "v2.7.0", 0)]
    [InlineData(PackageType.Go, "0.0.0-20220314234659-1baeb1ce4c0b", "0.0.0-20220722155217-630584e8d5aa", -1)]
    [InlineData(PackageType.Go, "1.0.4-0.20180125103619-43913f2f4fbd", "1.0.3", 1)]
    [InlineData(PackageType.Bitnami, "2.4.46-0", "2.4.46", 0)]
    [InlineData(PackageType.Bitnami, "2.4.46-10", "2.4.46-9", 1)]
    [InlineData(PackageType.Bitnami, "2.6.0-rc1", "2.6.0", -1)]
    [InlineData(PackageType.Bitnami, "2.6.0-rc1-3", "2.6.0-rc1", 1)]
    [InlineData(PackageType.Apk, "1.2.3-r0", "1.2.3", 1)]
    [InlineData(PackageType.Apk, "1.0", "1", 1)]
    [InlineData(PackageType.Apk, "1.0_git20240101~abc123-r1", "1.0_git20240101-r1", 0)]
    [InlineData(PackageType.Apk, "6.6.2p10", "6.6.2p9", 1)]
    [InlineData(PackageType.PyPI, "2013-01-21T20:33:09+0100", "0.dev0", -1)]
    [InlineData(PackageType.PyPI, "1.0+ubuntu.1", "1.0+ubuntu.a", 1)]
    [InlineData(PackageType.PyPI, "1.0-post-2.dev_3", "1.0.post2.dev3", 0)]
    [InlineData(PackageType.Deb, "1:0", "99", 1)]
    [InlineData(PackageType.Rpm, "4.18.0-553.el8_10", "0:4.18.0-553.el8_10", 0)]
    public void Versions_stand_as_their_ecosystem_puts_them(PackageType type, string a, string b, int expected) =>
        Assert.Equal(expected, Math.Sign(VersionOrder.Of(type).Compare(a, b)));
}
