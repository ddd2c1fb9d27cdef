using System.ComponentModel.DataAnnotations;
using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>
/// The section <c>Lifetimes</c>: how long content stays that nobody needs any more, beside each namespace's own window
/// (<c>tag_expiration_s</c>) in which everything deleted can be had back.
/// </summary>
internal sealed class LifetimeOptions
{
    /// <summary>How long a blob that no manifest names stays in its repository: pushes may take this long between a layer and its manifest.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "30.00:00:00")] public TimeSpan Grace { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How long the bytes of a blob stay that no repository has any more. A database that is restored from a backup of at most this age
    /// finds all its bytes. 24 hours when not given, or one hour on SQLite.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")] public TimeSpan? Condemned { get; set; }

    /// <summary><see cref="Condemned"/>, or what holds for the database when it is not given.</summary>
    public TimeSpan RestoreWindow(Database db) => Condemned ?? (db.AnswersAtOnce ? TimeSpan.FromHours(1) : TimeSpan.FromHours(24));

    /// <summary>The longest window that a namespace can have.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")] public TimeSpan MaxWindow { get; set; } = TimeSpan.FromDays(2 * 365);

    /// <summary>What is wrong with a namespace's window, or null.</summary>
    public string? CheckWindow(long? seconds) => seconds is { } s && (s < 0 || s > (long)MaxWindow.TotalSeconds)
        ? $"tag_expiration_s is a number of seconds from 0 to {(long)MaxWindow.TotalSeconds}." : null;

    /// <summary>How long the history of a tag is shown after what it named is gone.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")] public TimeSpan History { get; set; } = TimeSpan.FromDays(365);

    /// <summary>The longest time that a lease may ask for at once; it can be renewed as often as one likes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")] public TimeSpan MaxLease { get; set; } = TimeSpan.FromDays(90);
}
