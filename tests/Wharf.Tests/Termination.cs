using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Wharf.Tests;

/// <summary>Asks a process to end as an init system would. Process.Kill knows SIGKILL only.</summary>
internal static partial class Termination
{
    private const int SigTerm = 15;

    public static void Terminate(this Process process) => _ = Kill(process.Id, SigTerm);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
