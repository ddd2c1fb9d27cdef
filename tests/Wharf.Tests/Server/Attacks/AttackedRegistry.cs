namespace Wharf.Tests.Server.Attacks;

/// <summary>One user as in <see cref="UserRegistry"/>; guessing is hardly slowed down, so that attacks do not hold each other up.</summary>
public sealed class AttackedRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Auth:LoginBurst"] = "1000" };
}
