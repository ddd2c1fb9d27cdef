namespace Wharf.Tests.Clients;

/// <summary>One finished run of a client program.</summary>
public sealed record ClientRun(string Command, int ExitCode, string Output, string Error)
{
    public override string ToString() => $"{Command}\nexit code {ExitCode}\n{Output}\n{Error}";
}
