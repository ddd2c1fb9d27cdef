using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Hosting.Network;

/// <summary>The section <c>Tls</c>: what https:// listeners show. All files are PEM and are read again when they change.</summary>
internal sealed class TlsOptions : IValidatableObject
{
    /// <summary>The server's certificate, followed by the intermediates.</summary>
    public string? Certificate { get; set; }

    /// <summary>Its private key, not encrypted.</summary>
    public string? Key { get; set; }

    public ClientCertificates ClientCertificates { get; set; }

    /// <summary>The authorities that client certificates must come from; without it, those of the system.</summary>
    public string? ClientCa { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Certificate is null != Key is null)
        {
            yield return new ValidationResult("needs both Certificate and Key", []);
        }

        if (ClientCa is not null && ClientCertificates == ClientCertificates.None)
        {
            yield return new ValidationResult("means nothing while Tls.ClientCertificates is none", [nameof(ClientCa)]);
        }
    }
}
