namespace Wharf.Scanner.Matching;

/// <summary>Packages whose source has vulnerabilities that they themselves cannot have.</summary>
internal static class Uninteresting
{
    // php-dbg of rpm is a debugger, and runs.
    private static readonly string[] s_debugOfDeb = ["-dbg", "-dbgsym"];
    private static readonly string[] s_debugOfRpm = ["-debuginfo", "-debugsource"];

    public static Reason? Is(Package package)
    {
        if (package.Type is not (PackageType.Deb or PackageType.Rpm))
            return null;
        if (Array.Exists(package.Type == PackageType.Deb ? s_debugOfDeb : s_debugOfRpm, end => package.Name.EndsWith(end, StringComparison.Ordinal)))
            return Reason.Debug;
        return package.Type == PackageType.Deb ? IsKernelOfDebian(package) : IsKernelOfRpm(package.Name);
    }

    private static Reason? IsKernelOfDebian(Package package) =>
        (package.Source ?? package.Name) is var source && (source == "linux" || source.StartsWith("linux-", StringComparison.Ordinal))
        && (package.Name is "linux-libc-dev" || package.Name.StartsWith("linux-headers", StringComparison.Ordinal) || package.Name.StartsWith("linux-kbuild", StringComparison.Ordinal)
            || package.Name.StartsWith("linux-doc", StringComparison.Ordinal) || package.Name.StartsWith("linux-source", StringComparison.Ordinal))
            ? Reason.Kernel
            : null;

    private static Reason? IsKernelOfRpm(string name) =>
        name is "kernel-headers" or "kernel-devel" or "kernel-doc" or "kernel-abi-whitelists" or "kernel-abi-stablelists" or "kernel-srpm-macros" or "linux-glibc-devel"
            || name.StartsWith("kernel-devel-", StringComparison.Ordinal)
            ? Reason.Kernel
            : null;
}
