namespace Wharf.Tests.Server.Attacks;

/// <summary>The check of one row of tests/data/attacks.tsv.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class AttackAttribute(string id) : Attribute
{
    public string Id => id;

    /// <summary>Takes longer than 5 seconds.</summary>
    public bool Slow { get; init; }
}
