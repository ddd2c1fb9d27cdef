namespace Wharf.Tests.Server.PullStatistics;

/// <summary>A registry that writes counts of pulls when it stops, or when there are many.</summary>
public sealed class SlowlyCountingRegistry : UserRegistry
{
    public const int Kept = 100;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Limits:Enabled"] = "false",
        ["PullStatistics:Every"] = "00:10:00",
        ["PullStatistics:Kept"] = $"{Kept}",
    };
}
