using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Pruning;

/// <summary>The section <c>Pruning</c>: when policies are applied, and how fast.</summary>
internal sealed class PruningOptions : IValidatableObject
{
    /// <summary>Whether policies are applied by themselves; without, <c>wharf prune</c> does it.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How often the policies of one namespace are applied at most (Quay's AUTOPRUNE_TASK_RUN_MINIMUM_INTERVAL_MINUTES).</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "30.00:00:00")] public TimeSpan Every { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often it looks for a namespace whose turn it is.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "1.00:00:00")] public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A policy for every repository of the registry, beside those of its namespace: JSON as the API takes it. Namespaces that have no
    /// policy of their own get it once a day (Quay's DEFAULT_NAMESPACE_AUTOPRUNE_POLICY).
    /// </summary>
    public string DefaultPolicy { get; set; } = "";

    /// <summary>How many tags end in a second at most.</summary>
    [Range(1, 1_000_000)] public int PerSecond { get; set; } = 10_000;

    /// <summary>Which part of the time it may keep the database busy, in percent. Between two batches it waits for the rest.</summary>
    [Range(1, 100)] public int Duty { get; set; } = 25;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (DefaultPolicy.Length > 0 && !PrunePolicy.TryRead(DefaultPolicy, out _, out var problem))
            yield return new ValidationResult($"is no policy: {problem}", [nameof(DefaultPolicy)]);
    }
}
