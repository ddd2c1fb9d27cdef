using System.ComponentModel.DataAnnotations;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Scrub;

/// <summary>The section <c>Scrub</c>: reading everything that is stored again, to find what is damaged before somebody needs it.</summary>
internal sealed class ScrubOptions : IValidatableObject
{
    public bool Enabled { get; set; } = true;

    /// <summary>From the beginning of one walk to the next, which waits until the former is done.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")] public TimeSpan Every { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How fast it reads; a terabyte takes a day at the default.</summary>
    public ByteSize BytesPerSecond { get; set; } = new(12 << 20);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BytesPerSecond.Bytes < 1024)
            yield return new ValidationResult("must be at least 1KiB", [nameof(BytesPerSecond)]);
    }
}
